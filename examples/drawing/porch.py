"""What a camera at a front door sees: a path through a lawn to a street, and the houses across it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image

from drawing.canvas import Canvas, darker, lighter
from drawing.scenery import HEIGHT, SHADOW, WIDTH, courses, dapple, foliage, grass, lens, line, shade, sky, tree, window
from drawing.shapes import Shape, box, ellipse, polygon

GROUND = 326.0  # the feet of the houses across the street
KERBS = (342.0, 400.0)  # of the street
LAWN = 430.0  # where this side's pavement ends


@dataclass(frozen=True)
class House:
    """A house across the street.

    Attributes:
        left: edge of its front.
        right: edge of its front.
        eaves: height of its eaves in the picture.
        ridge: height of its ridge in the picture.
        wall: colour of its front.
        roof: colour of its roof.
        door: colour of its door.
        brick: whether it is of brick rather than plastered.
    """

    left: float
    right: float
    eaves: float
    ridge: float
    wall: str
    roof: str
    door: str
    brick: bool


HOUSES = (
    House(-40, 214, 196, 116, "#d8c7a4", "#7b4a3a", "#2f5d50", False),
    House(318, 596, 188, 104, "#a9654c", "#4d5158", "#23456b", True),
    House(712, 960, 200, 122, "#dfe0da", "#8a5340", "#8c2f2a", False),
    House(1050, 1330, 186, 100, "#b98a66", "#565a60", "#3c3f44", True),
)


def porch(rng: np.random.Generator) -> Image.Image:
    """The picture."""
    canvas = Canvas(WIDTH, HEIGHT, 2)
    sky(canvas, rng, GROUND, 7)
    for x in np.linspace(-20, WIDTH + 20, 15):
        r, top = rng.uniform(60, 90), rng.uniform(176, 226)
        foliage(
            canvas,
            rng,
            (x - r, top, x + r, GROUND + 20),
            str(rng.choice(["#6d8a62", "#5f8060", "#78936a"])),
            leaves=90,
            size=8,
        )
    canvas.fill(box(-200, 190, WIDTH + 200, GROUND + 60), "#dbe7ee", opacity=0.3, blur=40)
    for house in HOUSES:
        _house(canvas, house, rng)
    _gardens(canvas, rng)
    _street(canvas, rng)
    path = _garden(canvas, rng)
    _fence(canvas, rng)
    _step(canvas, rng, path)
    lens(canvas, rng)
    return canvas.reduced()


def _house(canvas: Canvas, house: House, rng: np.random.Generator) -> None:
    """Front, roof, chimney, windows and door."""
    left, right, eaves = house.left, house.right, house.eaves
    chimney = left + (right - left) * 0.72
    canvas.fill(
        box(chimney, house.ridge - 26, chimney + 24, house.ridge + 30),
        (house.wall, darker(house.wall, 0.35)),
        across=True,
    )
    canvas.fill(box(chimney - 3, house.ridge - 29, chimney + 27, house.ridge - 23), darker(house.wall, 0.3))
    front = box(left, eaves, right, GROUND + 4)
    canvas.fill(front, (lighter(house.wall, 0.12), darker(house.wall, 0.14)))
    if house.brick:
        courses(canvas, front, (left, eaves, right, GROUND), (9, 4.5), paint=darker(house.wall, 0.6), opacity=0.28)
    canvas.mottle(front, rng, 0.03, (18, 18))
    canvas.mottle(front, rng, 0.02, (3, 2))
    roof = polygon((left - 16, eaves + 4), (left + 26, house.ridge), (right - 26, house.ridge), (right + 16, eaves + 4))
    canvas.fill(roof, (lighter(house.roof, 0.18), darker(house.roof, 0.2)))
    courses(
        canvas,
        roof,
        (left - 16, house.ridge, right + 16, eaves + 4),
        (11, 6),
        paint=darker(house.roof, 0.7),
        opacity=0.3,
    )
    canvas.mottle(roof, rng, 0.04, (14, 5))
    canvas.fill(box(left - 16, eaves + 3, right + 16, eaves + 8), ("#f2efe8", "#a9a69f"))
    shade(canvas, box(left, eaves + 8, right, eaves + 20), 0.42, 3, front)
    wide = right - left
    for share in (0.10, 0.43, 0.74):
        window(
            canvas, (left + wide * share, eaves + 24, left + wide * (share + 0.16), eaves + 58), "#f1efe9", (2, 2), rng
        )
    for share in (0.10, 0.70):
        window(
            canvas, (left + wide * share, eaves + 78, left + wide * (share + 0.20), eaves + 116), "#f1efe9", (3, 1), rng
        )
    x = left + wide * 0.455
    canvas.fill(box(x - 4, GROUND - 54, x + 32, GROUND + 2), "#efece5")
    canvas.fill(box(x, GROUND - 50, x + 28, GROUND + 2), (lighter(house.door, 0.15), darker(house.door, 0.25)))
    canvas.fill(box(x + 5, GROUND - 45, x + 23, GROUND - 30), ("#9db1bd", "#3f4f5b"))
    canvas.fill(ellipse(x + 24, GROUND - 22, 1.8), "#e9cf7d")
    shade(canvas, box(right - 26, eaves, right + 4, GROUND), 0.22, 8, front)


def _gardens(canvas: Canvas, rng: np.random.Generator) -> None:
    """Trees and hedges before the houses across the street."""
    for x, height, paint in ((262, 236, "#5c8a3c"), (652, 196, "#7a9440"), (1004, 250, "#4f7f3c")):
        shade(canvas, ellipse(x + 16, GROUND + 4, 60, 6), 0.4, 4)
        tree(canvas, rng, (x, GROUND + 6), height, paint)
    for left, right in ((-20, 84), (150, 380), (496, 800), (876, 1120), (1206, 1300)):
        foliage(
            canvas,
            rng,
            (left, GROUND - 24, right, GROUND + 10),
            "#4c7434",
            leaves=int((right - left) * 1.3),
            size=5,
            square=True,
        )


def _street(canvas: Canvas, rng: np.random.Generator) -> None:
    """Pavements, kerbs and the carriageway."""
    far, near = KERBS
    walk = box(0, far - 12, WIDTH, far)
    canvas.fill(walk, ("#a7a49d", "#bcb9b1"))
    canvas.fill(box(0, far - 14, WIDTH, far - 9), SHADOW, opacity=0.35, blur=2)
    road = box(0, far, WIDTH, near)
    canvas.fill(road, ("#6d7075", "#565a5f"))
    canvas.fill(box(0, far, WIDTH, far + 3), ("#c9c7c0", "#77787a"))
    canvas.mottle(road, rng, 0.05, (160, 6))
    canvas.mottle(road, rng, 0.05, (5, 1.6))
    for y in (359, 384):
        canvas.fill(box(0, y, WIDTH, y + 7), "#33363b", opacity=0.22, blur=3)
    for x in range(-20, WIDTH, 92):
        canvas.fill(polygon((x + 3, 368), (x + 45, 368), (x + 43, 371), (x, 371)), "#e3e1d8", opacity=0.8)
    pavement = box(0, near, WIDTH, LAWN)
    canvas.fill(pavement, ("#b4b1a9", "#c3bfb5"))
    canvas.mottle(pavement, rng, 0.03, (14, 3))
    canvas.fill(box(0, near, WIDTH, near + 3), "#dedbd2")
    canvas.fill(box(0, near + 3, WIDTH, near + 7), "#8f8d87")
    for i in range(-9, 10):
        line(canvas, 1, (640 + i * 76, near + 7), (640 + i * 84, LAWN), paint="#77746d", opacity=0.5)


def _garden(canvas: Canvas, rng: np.random.Generator) -> Shape:
    """The lawn, the path through it and flowers along it. Returns the path."""
    lawn = box(0, LAWN, WIDTH, HEIGHT)
    canvas.fill(lawn, ("#86a352", "#557f35"))
    for i in range(-9, 10, 2):
        mown = polygon(
            (640 + i * 78, LAWN), (640 + (i + 1) * 78, LAWN), (640 + (i + 1) * 190, HEIGHT), (640 + i * 190, HEIGHT)
        )
        canvas.fill(mown, "#c3d37f", opacity=0.10, blur=4, clip=lawn)
    grass(canvas, rng, lawn, 4200, 20)
    dapple(canvas, rng, (-40, 470, 420, 640), 36, lawn)
    path = polygon((594, LAWN - 2), (686, LAWN - 2), (868, HEIGHT), (412, HEIGHT))
    shade(canvas, polygon((590, LAWN), (690, LAWN), (878, HEIGHT), (402, HEIGHT)), 0.4, 3, lawn)
    canvas.fill(path, ("#bdb4a3", "#a89d8a"))
    _slabs(canvas, rng, path)
    for sign in (-1, 1):
        for share in np.sort(rng.random(90)):
            edge = 46 + share * 182
            x, y = 640 + sign * (edge + rng.uniform(6, 26) * (0.4 + share)), LAWN + share * (HEIGHT - LAWN)
            size = 2.2 + 6 * share
            canvas.fill(
                ellipse(x, y, size * 1.7, size * 1.1), darker("#4d7a33", float(rng.uniform(0, 0.4))), opacity=0.9
            )
            if rng.random() < 0.6:
                bloom = str(rng.choice(["#d9587a", "#f0c93f", "#f4f1ea", "#9a6fc4"]))
                canvas.fill(ellipse(x, y - size, size * 0.7, size * 0.55), (lighter(bloom, 0.3), bloom))
    return path


def _slabs(canvas: Canvas, rng: np.random.Generator, path: Shape) -> None:
    """Paving, row by row taller towards the camera, with each slab a little lighter or darker."""
    tops = LAWN + (HEIGHT - LAWN + 8) * np.linspace(0, 1, 10) ** 1.55
    for row, (top, bottom) in enumerate(pairwise(tops)):
        halves = [46 + (y - LAWN) / (HEIGHT - LAWN) * 182 for y in (top, bottom)]
        edges = np.linspace(-1, 1, 4) if row % 2 else np.array([-1, -0.72, 0.02, 0.66, 1])
        for a, b in pairwise(edges):
            slab = polygon(
                *((640 + e * halves[i], y) for e, i, y in ((a, 0, top), (b, 0, top), (b, 1, bottom), (a, 1, bottom)))
            )
            tint = str(rng.choice(["#d3c8b2", "#8f8678", "#c2ad90", "#a9a7a0"]))
            canvas.fill(slab, tint, opacity=float(rng.uniform(0.1, 0.4)), clip=path)
            outline = np.concatenate([slab[0], slab[0][:1]]).tolist()
            thick = 0.8 + 2.2 * (row + 1) / 10
            line(canvas, thick, *outline, paint="#5c5548", opacity=0.6, clip=path)
            line(
                canvas,
                thick * 0.5,
                *((x + thick * 0.8, y + thick * 0.8) for x, y in outline[:2]),
                paint="#f1e8d6",
                opacity=0.4,
                clip=path,
            )
    canvas.mottle(path, rng, 0.035, (16, 7))
    canvas.mottle(path, rng, 0.03, (2.5, 1.6))


def _fence(canvas: Canvas, rng: np.random.Generator) -> None:
    """A low white fence on both sides of the gate's gap."""
    top, foot = 404.0, LAWN + 14
    for left, right in ((-6, 574), (706, 1290)):
        shade(canvas, box(left, foot - 4, right, foot + 10), 0.4, 4)
        for y in (top + 9, foot - 12):
            canvas.fill(box(left, y, right, y + 4.5), ("#e9e7e0", "#aeb0ae"))
        for x in np.arange(left, right - 7, 15.5):
            lean = rng.normal(0, 0.5)
            picket = polygon((x, foot), (x, top + 5), (x + 4 + lean, top), (x + 8 + lean, top + 5), (x + 8, foot))
            canvas.fill(picket, ("#ffffff", "#c6c8c4"))
            canvas.fill(box(x + 6, top + 5, x + 8, foot), "#7f8688", opacity=0.5, clip=picket)
    for x in (576, 690):
        canvas.fill(box(x, top - 12, x + 14, foot + 5, 1), ("#ffffff", "#b5b8b5"), across=True)
        canvas.fill(box(x - 3, top - 16, x + 17, top - 11, 1), ("#ffffff", "#cfd1ce"))


def _step(canvas: Canvas, rng: np.random.Generator, path: Shape) -> None:
    """The porch's own boards at the bottom, and a shrub on either side."""
    shade(canvas, box(0, 676, WIDTH, HEIGHT), 0.35, 10)
    for left, right in ((-60, 120), (1150, 1340)):
        shade(canvas, ellipse((left + right) / 2, 690, 130, 24), 0.45, 10)
        foliage(canvas, rng, (left, 545, right, 708), "#4a7436", leaves=420, size=12)
    boards = box(0, 694, WIDTH, HEIGHT)
    canvas.fill(boards, ("#9a7a58", "#6f5439"))
    for i in range(-14, 15):
        line(canvas, 2, (640 + i * 50, 694), (640 + i * 60, HEIGHT), paint="#2e2217", opacity=0.7, clip=boards)
    canvas.mottle(boards, rng, 0.06, (3, 40))
    canvas.fill(box(0, 692, WIDTH, 698), ("#c4a27a", "#7d6042"))
    canvas.fill(box(0, 697, WIDTH, 700), SHADOW, opacity=0.5, blur=1)
