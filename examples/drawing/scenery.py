"""What both backgrounds are made of: sky, leaves, grass, windows."""

import numpy as np

from drawing.canvas import Canvas, darker, lighter, mixed
from drawing.shapes import Shape, box, ellipse, limb, polygon, stroke

WIDTH, HEIGHT = 1280, 720
SHADOW = "#10161f"
Area = tuple[float, float, float, float]


def sky(canvas: Canvas, rng: np.random.Generator, horizon: float, clouds: int) -> None:
    """A blue gradient with soft clouds."""
    canvas.fill(box(0, 0, WIDTH, horizon), ("#6fa6d6", "#e3eef2"))
    for x, y in zip(rng.uniform(0, WIDTH, clouds), rng.uniform(10, horizon * 0.5, clouds), strict=True):
        size = rng.uniform(0.5, 1.0)
        for _ in range(9):
            dx, dy, r = rng.normal(0, 58) * size, rng.normal(0, 9) * size, rng.uniform(18, 46) * size
            canvas.fill(ellipse(x + dx, y + dy, r * 1.7, r * 0.55), "#ffffff", opacity=0.22, blur=9)


def foliage(
    canvas: Canvas, rng: np.random.Generator, area: Area, paint: str, *, leaves: int, size: float, square: bool = False
) -> None:
    """A crown or hedge: clusters of leaves, light where the sun falls and dark below.

    Args:
        canvas: where to draw it.
        rng: where the leaves are.
        area: left, top, right and bottom of it.
        paint: its middle colour.
        leaves: how many clusters.
        size: of a cluster.
        square: as a trimmed hedge, rather than round.
    """
    left, top, right, bottom = area
    x, y, rx, ry = (left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2
    base = box(*area, size * 1.5) if square else ellipse(x, y, rx * 0.93, ry * 0.93)
    canvas.fill(base, (darker(paint, 0.15), darker(paint, 0.55)), blur=1.5)
    u, v = rng.uniform(-1, 1, (2, leaves))
    if not square:
        angle, far = u * np.pi, np.sqrt((v + 1) / 2)
        u, v = np.cos(angle) * far, np.sin(angle) * far
    light = np.clip(0.5 - 0.38 * v - 0.16 * u + rng.normal(0, 0.18, leaves), 0, 1)
    for i in np.argsort(light + rng.normal(0, 0.25, leaves)):
        shade = darker(paint, 0.6 - 1.0 * light[i]) if light[i] < 0.5 else lighter(paint, (light[i] - 0.5) * 0.55)
        r = size * rng.uniform(0.5, 1.15)
        leaf = ellipse(x + u[i] * rx, y + v[i] * ry, r, r * rng.uniform(0.45, 0.8), rng.uniform(-60, 60))
        canvas.fill(leaf, shade, opacity=0.85, blur=0.5)


def tree(
    canvas: Canvas, rng: np.random.Generator, foot: tuple[float, float], height: float, paint: str, *, leaves: int = 420
) -> None:
    """A trunk with a few overlapping crowns."""
    x, y = foot
    wide = height * 0.30
    trunk = limb(
        (x, y, height * 0.035), (x + 2, y - height * 0.3, height * 0.026), (x - 2, y - height * 0.62, height * 0.015)
    )
    canvas.fill(trunk, ("#5f4b3a", "#44362b"), volume=0.7, depth=3)
    for dx, dy, share in ((-0.45, 0.52, 0.72), (0.5, 0.55, 0.7), (0.0, 0.68, 1.0)):
        cx, cy, r = x + dx * wide, y - height * dy, wide * share
        foliage(
            canvas, rng, (cx - r, cy - r * 0.95, cx + r, cy + r * 0.9), paint, leaves=leaves // 2, size=height * 0.028
        )


def grass(canvas: Canvas, rng: np.random.Generator, shape: Shape, blades: int, near: float) -> None:
    """Grass that grows coarser towards the camera; `near` is a blade's height there."""
    corners = np.concatenate(shape)
    low, high = corners.min(axis=0), corners.max(axis=0)
    canvas.mottle(shape, rng, 0.05, (90, 18))
    canvas.mottle(shape, rng, 0.05, (12, 5))
    for share in np.sort(rng.random(blades) ** 0.75):
        x, y = rng.uniform(low[0], high[0]), low[1] + share * (high[1] - low[1])
        tall = near * (0.15 + 0.85 * share)
        shade = str(rng.choice(["#8fae55", "#3f6428", "#6f9440", "#2f5022", "#a5bd68"]))
        blade = limb((x, y, tall * 0.09), (x + rng.normal(0, tall * 0.3), y - tall, 0.2), steps=2)
        canvas.fill(blade, shade, opacity=0.42, clip=shape)


def window(canvas: Canvas, area: Area, frame: str, panes: tuple[int, int], rng: np.random.Generator) -> None:
    """A window with sill, curtains, the sky's reflection and glazing bars."""
    left, top, right, bottom = area
    wide, high = right - left, bottom - top
    bar = max(1.6, wide * 0.045)
    canvas.fill(box(left - bar * 1.6, top - bar * 1.6, right + bar * 1.6, bottom + bar * 1.6), frame)
    pane = box(*area)
    bright = float(rng.uniform(0, 0.25))
    canvas.fill(pane, (lighter("#7d99ab", bright), "#26333d"))
    if rng.random() < 0.7:
        cloth = mixed("#e9e4d8", str(rng.choice(["#c9b48f", "#b9c3c9", "#c9a3a0"])), 0.5)
        for near, far in ((left, left + wide * 0.24), (right - wide * 0.24, right)):
            canvas.fill(box(near, top, far, bottom), (cloth, darker(cloth, 0.3)), opacity=0.75, clip=pane)
    lean = wide * rng.uniform(0.2, 0.5)
    glint = polygon(
        (left + lean, top), (left + lean + wide * 0.3, top), (left + wide * 0.25, bottom), (left - wide * 0.05, bottom)
    )
    canvas.fill(glint, "#ffffff", opacity=0.16, clip=pane)
    canvas.fill(box(left, top, right, top + high * 0.12), SHADOW, opacity=0.45, blur=bar * 0.7, clip=pane)
    for i in range(1, panes[0]):
        canvas.fill(box(left + wide * i / panes[0] - bar / 2, top, left + wide * i / panes[0] + bar / 2, bottom), frame)
    for i in range(1, panes[1]):
        canvas.fill(box(left, top + high * i / panes[1] - bar / 2, right, top + high * i / panes[1] + bar / 2), frame)
    canvas.fill(
        box(left - bar * 3, bottom + bar, right + bar * 3, bottom + bar * 3.2),
        (lighter(frame, 0.4), darker(frame, 0.2)),
    )
    canvas.fill(
        box(left - bar * 2, bottom + bar * 3.2, right + bar * 2, bottom + bar * 6), SHADOW, opacity=0.3, blur=bar
    )


def courses(canvas: Canvas, shape: Shape, area: Area, step: tuple[float, float], *, paint: str, opacity: float) -> None:
    """The joints of bricks, tiles or boards; `step` is one's width and height, no width for boards."""
    left, top, right, bottom = area
    for row, y in enumerate(np.arange(top, bottom, step[1])):
        canvas.fill(box(left, y, right, y + 0.7), paint, opacity=opacity, clip=shape)
        if step[0]:
            for x in np.arange(left + step[0] / 2 * (row % 2), right, step[0]):
                canvas.fill(box(x, y, x + 0.7, y + step[1]), paint, opacity=opacity * 0.8, clip=shape)


def shade(canvas: Canvas, shape: Shape, opacity: float, blur: float, clip: Shape | None = None) -> None:
    """A soft shadow."""
    canvas.fill(shape, SHADOW, opacity=opacity, blur=blur, clip=clip)


def dapple(canvas: Canvas, rng: np.random.Generator, area: Area, spots: int, clip: Shape | None) -> None:
    """The broken shadow of a tree out of sight."""
    left, top, right, bottom = area
    for x, y in zip(rng.uniform(left, right, spots), rng.uniform(top, bottom, spots), strict=True):
        r = rng.uniform(10, 46)
        shade(canvas, ellipse(x, y, r * 1.6, r * 0.45, rng.uniform(-12, 12)), 0.13, 5, clip)


def lens(canvas: Canvas, rng: np.random.Generator) -> None:
    """What a camera adds: darker corners, a warm light and a little noise."""
    whole = box(0, 0, WIDTH, HEIGHT)
    canvas.fill(whole, ("#fff1d2", "#ffe9c4"), opacity=0.05)
    for x, y in ((0, 0), (WIDTH, 0), (0, HEIGHT), (WIDTH, HEIGHT)):
        canvas.fill(ellipse(x, y, 300, 200), "#000008", opacity=0.24, blur=90)
    canvas.mottle(whole, rng, 0.004, (1.0, 1.0))


def line(
    canvas: Canvas,
    width: float,
    *points: tuple[float, float],
    paint: str,
    opacity: float = 1.0,
    clip: Shape | None = None,
) -> None:
    """A straight line through points."""
    canvas.fill(stroke(width, *points, curved=False), paint, opacity=opacity, clip=clip)
