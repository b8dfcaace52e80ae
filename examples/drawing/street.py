"""A street as a camera on a lamp post sees it: house fronts, pavements, a crossing."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image

from drawing.canvas import Canvas, darker, lighter
from drawing.scenery import HEIGHT, SHADOW, WIDTH, courses, dapple, lens, line, shade, sky, tree, window
from drawing.shapes import Shape, box, ellipse, polygon

BASE = 372.0  # the feet of the house fronts
KERBS = (424.0, 602.0)  # of the carriageway


@dataclass(frozen=True)
class Front:
    """A house front.

    Attributes:
        left: its edge.
        right: its edge.
        top: of its cornice.
        wall: its colour.
        shop: colour of the shop below.
        brick: whether it is of brick rather than plastered.
    """

    left: float
    right: float
    top: float
    wall: str
    shop: str
    brick: bool


FRONTS = (
    Front(-30, 262, 44, "#a55b45", "#2f4f45", True),
    Front(262, 500, 70, "#d9cfb9", "#7c2f33", False),
    Front(500, 790, 30, "#8d8f8c", "#24415f", False),
    Front(790, 1030, 64, "#c48f63", "#3d3a38", True),
    Front(1030, 1310, 38, "#b7bfc0", "#5d4a75", False),
)


def street(rng: np.random.Generator) -> Image.Image:
    """The picture."""
    canvas = Canvas(WIDTH, HEIGHT, 2)
    sky(canvas, rng, 200, 5)
    for front in FRONTS:
        _front(canvas, front, rng)
    _far_pavement(canvas, rng)
    road = _road(canvas, rng)
    _crossing(canvas, rng, road)
    _near_pavement(canvas, rng)
    for x, height in ((180, 250), (694, 262), (1120, 246)):
        shade(canvas, ellipse(x + 40, 416, 96, 9), 0.4, 5)
        canvas.fill(ellipse(x, 412, 22, 5), ("#4a3b2c", "#2f261d"))
        tree(canvas, rng, (x, 412), height, "#64913f", leaves=540)
    dapple(canvas, rng, (820, 600, 1280, 720), 40, None)
    dapple(canvas, rng, (60, 430, 330, 500), 16, road)
    lens(canvas, rng)
    return canvas.reduced()


def _front(canvas: Canvas, house: Front, rng: np.random.Generator) -> None:
    """A house front with two floors of windows above a shop."""
    left, top, right, foot = area = (house.left, house.top, house.right, BASE)
    wall, front = house.wall, box(*area)
    canvas.fill(front, (lighter(wall, 0.1), darker(wall, 0.12)))
    if house.brick:
        courses(canvas, front, area, (11, 5.5), paint=darker(wall, 0.6), opacity=0.25)
    canvas.mottle(front, rng, 0.03, (26, 40))
    canvas.mottle(front, rng, 0.02, (3, 2))
    canvas.fill(box(left - 3, top - 8, right + 3, top + 6), (lighter(wall, 0.45), darker(wall, 0.15)))
    shade(canvas, box(left, top + 6, right, top + 18), 0.45, 3, front)
    count = 4 if right - left > 260 else 3
    step = (right - left) / count
    floor = (foot - 96 - top - 14) / 2
    for row in range(2):
        for i in range(count):
            x, y = left + step * (i + 0.5), top + 28 + floor * row
            window(canvas, (x - 18, y, x + 18, y + floor * 0.62), "#efede6", (2, 2), rng)
    _shop(canvas, (left + 8, foot - 96, right - 8, foot), house.shop, rng)
    canvas.fill(box(right - 2, top, right + 1, foot), SHADOW, opacity=0.5, blur=1)


def _shop(canvas: Canvas, area: tuple[float, float, float, float], paint: str, rng: np.random.Generator) -> None:
    """A shop window, a door and an awning."""
    left, top, right, foot = area
    canvas.fill(box(left, top, right, foot), (paint, darker(paint, 0.4)))
    door = left + (right - left) * float(rng.choice([0.06, 0.42, 0.78]))
    panes = [(left + 6, door - 4), (door + 40, right - 6)]
    for near, far in panes:
        if far - near < 24:
            continue
        pane = box(near, top + 30, far, foot - 10)
        canvas.fill(pane, ("#5c7180", "#222c34"))
        for x in rng.uniform(near + 6, far - 6, 7):
            r = rng.uniform(5, 11)
            goods = str(rng.choice(["#d3b48c", "#a5584a", "#e4ddcd", "#5f7d8c", "#c9a23f"]))
            canvas.fill(box(x - r, foot - 12 - r * 2.4, x + r, foot - 10, 3), goods, opacity=0.5, blur=1.5, clip=pane)
        for share, wide in ((0.3, 26), (0.55, 10), (0.9, 30)):
            x = near + (far - near) * share
            canvas.fill(
                polygon((x, top), (x + wide, top), (x + wide - 40, foot), (x - 40, foot)),
                "#ffffff",
                opacity=0.14,
                clip=pane,
            )
    canvas.fill(box(door, top + 28, door + 36, foot), (lighter(paint, 0.2), darker(paint, 0.15)))
    canvas.fill(box(door + 6, top + 34, door + 30, foot - 22), ("#6a7f8d", "#26313a"))
    canvas.fill(box(door + 2, foot - 4, door + 34, foot), "#8f8b84")
    shade(canvas, box(left, top + 24, right, top + 44), 0.5, 5, box(*area))
    count = round((right - left) / 20)
    edges = np.linspace(left - 4, right + 4, count + 1)
    for i, (a, b) in enumerate(pairwise(edges)):
        cloth = lighter(paint, 0.25) if i % 2 else "#efe9dc"
        canvas.fill(
            polygon(
                (a * 0.97 + (left + right) * 0.015, top),
                (b * 0.97 + (left + right) * 0.015, top),
                (b, top + 22),
                (a, top + 22),
            ),
            (cloth, darker(cloth, 0.2)),
        )
        canvas.fill(ellipse((a + b) / 2, top + 22, (b - a) / 2, 5), darker(cloth, 0.22))


def _far_pavement(canvas: Canvas, rng: np.random.Generator) -> None:
    """The pavement along the fronts."""
    far = KERBS[0]
    pavement = box(0, BASE, WIDTH, far)
    canvas.fill(pavement, ("#a5a19a", "#bab6ad"))
    for i in range(-20, 21):
        line(canvas, 1, (640 + i * 42, BASE), (640 + i * 50, far), paint="#726e67", opacity=0.45)
    for y in (BASE + 12, BASE + 28):
        line(canvas, 1, (0, y), (WIDTH, y), paint="#726e67", opacity=0.45)
    canvas.mottle(pavement, rng, 0.04, (40, 8))
    canvas.mottle(pavement, rng, 0.03, (4, 2))
    shade(canvas, box(0, BASE - 2, WIDTH, BASE + 12), 0.5, 5, pavement)


def _road(canvas: Canvas, rng: np.random.Generator) -> Shape:
    """The carriageway with its markings. Returns its outline."""
    far, near = KERBS
    road = box(0, far, WIDTH, near)
    canvas.fill(road, ("#6a6d72", "#53565b"))
    for y, high in ((450, 12), (478, 14), (536, 16), (572, 18)):
        canvas.fill(box(0, y, WIDTH, y + high), "#2f3236", opacity=0.24, blur=6, clip=road)
    canvas.mottle(road, rng, 0.04, (240, 16))
    canvas.mottle(road, rng, 0.04, (30, 6))
    canvas.mottle(road, rng, 0.05, (3, 1.6))
    for area in ((300, 540, 430, 566), (1060, 448, 1180, 464)):
        canvas.fill(box(*area), "#3c3f44", opacity=0.5, blur=1.2)
    canvas.fill(ellipse(505, 470, 22, 6.5), ("#3c3e42", "#5e6166"))
    canvas.fill(ellipse(505, 470, 18, 5), ("#55585d", "#434549"))
    canvas.fill(box(0, far - 3, WIDTH, far + 1), "#d2cfc7")
    canvas.fill(box(0, far + 1, WIDTH, far + 6), ("#8b8983", "#55575a"))
    for x in range(-60, WIDTH, 128):
        if not 690 < x + 30 < 1010:
            canvas.fill(polygon((x + 4, 503), (x + 66, 503), (x + 64, 509), (x, 509)), "#e6e4da", opacity=0.82)
    return road


def _crossing(canvas: Canvas, rng: np.random.Generator, road: Shape) -> None:
    """A zebra crossing."""
    far, near = KERBS
    edges = far + 8 + (near - far - 12) * np.linspace(0, 1, 14) ** 1.12
    for top, bottom in zip(edges[:-1:2], edges[1::2], strict=True):
        left, right = (760 - (y - far) * 0.05 for y in (top, bottom)), (910 + (y - far) * 0.28 for y in (top, bottom))
        (a, b), (c, d) = left, right
        bar = polygon((a, top), (c, top), (d, bottom), (b, bottom))
        canvas.fill(bar, ("#dedcd3", "#ecebe3"), opacity=0.88, blur=0.5, clip=road)
    worn = zip(rng.uniform(740, 980, 60), rng.uniform(far, near, 60), strict=True)
    for x, y in worn:
        canvas.fill(ellipse(x, y, rng.uniform(3, 16), rng.uniform(1, 3)), "#595c61", opacity=0.25, blur=1, clip=road)


def _near_pavement(canvas: Canvas, rng: np.random.Generator) -> None:
    """The pavement below the camera."""
    near = KERBS[1]
    pavement = box(0, near, WIDTH, HEIGHT)
    canvas.fill(pavement, ("#b5b1a8", "#a09b91"))
    rows = near + 16 + (HEIGHT - near) * np.array([0, 0.26, 0.58, 1.0])
    for row, (top, bottom) in enumerate(pairwise(rows)):
        for i in range(-9, 9):
            a, b = i + 0.5 * (row % 2), i + 1 + 0.5 * (row % 2)
            wide = [84 + (y - near) * 0.28 for y in (top, bottom)]
            slab = polygon(
                (640 + a * wide[0], top),
                (640 + b * wide[0], top),
                (640 + b * wide[1], bottom),
                (640 + a * wide[1], bottom),
            )
            tint = str(rng.choice(["#d5d0c4", "#85817a", "#b8aa96", "#9aa0a0"]))
            canvas.fill(slab, tint, opacity=float(rng.uniform(0.05, 0.3)))
            line(canvas, 1.8, *np.concatenate([slab[0], slab[0][:1]]).tolist(), paint="#615d55", opacity=0.5)
    canvas.mottle(pavement, rng, 0.03, (50, 18))
    canvas.mottle(pavement, rng, 0.03, (3, 2))
    shade(canvas, box(0, near - 8, WIDTH, near), 0.45, 3)
    canvas.fill(box(0, near - 2, WIDTH, near + 12), ("#dad7ce", "#b2aea5"))
    canvas.fill(box(0, near + 12, WIDTH, near + 15), "#6d6961", opacity=0.7)
    for x in range(-40, WIDTH, 118):
        line(canvas, 1.5, (x, near - 2), (x, near + 12), paint="#6d6961", opacity=0.7)
