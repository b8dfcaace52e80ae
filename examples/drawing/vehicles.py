"""Cars from the side, facing left, and the wheels of all that drives."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from drawing.canvas import Canvas, darker, lighter, mixed
from drawing.shapes import Shape, arc, blob, box, ellipse, limb, polygon, ring, stroke

GLASS = ("#8fa6b5", "#2f3d49")
TYRE = "#1d1e22"
Point = tuple[float, float]


@dataclass(frozen=True)
class CarKind:
    """What makes one car differ from another.

    Attributes:
        paint: of the body.
        size: of the picture.
        body: outline of the body without its underside, from the front's foot to the back's.
        glass: outline of all side windows together.
        pillars: lines between the windows, from the top to the bottom.
        doors: lines of the door gaps below the windows.
        wheels: where the wheels' middles are.
        radius: of the wheels.
        spokes: of the wheels.
        trim: of plastic along the sills, or no colour for the paint's own.
        bar: whether it has a roof rail.
    """

    paint: str
    size: tuple[int, int]
    body: tuple[Point, ...]
    glass: tuple[Point, ...]
    pillars: tuple[tuple[Point, Point], ...]
    doors: tuple[tuple[Point, ...], ...]
    handles: tuple[Point, ...]
    wheels: tuple[Point, Point]
    radius: float
    spokes: int
    trim: str = "#2a2c31"
    bar: bool = False


HATCHBACK = CarKind(
    paint="#c8281f",
    size=(480, 204),
    body=(
        (12, 172), (6, 150), (7, 128), (16, 108), (40, 95), (88, 84), (132, 78), (166, 54), (206, 22), (250, 9),
        (316, 5), (376, 9), (424, 19), (440, 30), (456, 62), (468, 92), (473, 122), (472, 152), (464, 172),
    ),
    glass=(
        (150, 84), (178, 59), (212, 32), (252, 20), (318, 16), (384, 22),
        (412, 32), (424, 56), (428, 76), (400, 80), (280, 83),
    ),
    pillars=(((276, 12), (279, 88)), ((372, 12), (388, 86))),
    doors=(
        ((156, 86), (150, 112), (154, 146), (166, 170)), ((280, 84), (282, 170)),
        ((388, 84), (384, 104), (356, 130), (340, 170)),
    ),
    handles=((254, 102), (360, 100)),
    wheels=((94, 163), (386, 163)),
    radius=39,
    spokes=5,
)  # fmt: skip
SALOON = CarKind(
    paint="#3d6fa8",
    size=(480, 202),
    body=(
        (10, 168), (5, 149), (6, 130), (14, 113), (40, 102), (90, 92), (136, 86), (168, 65), (204, 32), (240, 16),
        (290, 10), (338, 15), (376, 36), (412, 69), (444, 78), (468, 86), (475, 101), (475, 132), (472, 153),
        (464, 170),
    ),
    glass=(
        (154, 90), (180, 69), (212, 40), (244, 26), (290, 21), (332, 25),
        (358, 42), (384, 69), (386, 84), (280, 88),
    ),
    pillars=(((276, 15), (280, 92)), ((350, 17), (354, 90))),
    doors=(
        ((158, 92), (153, 116), (156, 149), (166, 168)), ((280, 90), (283, 168)),
        ((374, 88), (374, 105), (352, 132), (340, 168)),
    ),
    handles=((256, 109), (350, 107)),
    wheels=((92, 161), (386, 161)),
    radius=39,
    spokes=10,
)  # fmt: skip
ESTATE = CarKind(
    paint="#d9dcdd",
    size=(480, 212),
    body=(
        (12, 174), (7, 154), (8, 122), (16, 102), (40, 90), (90, 80), (134, 74), (166, 46), (196, 20), (230, 9),
        (310, 6), (390, 9), (440, 17), (452, 30), (462, 66), (472, 96), (475, 130), (472, 156), (466, 174),
    ),
    glass=(
        (150, 80), (176, 52), (204, 28), (236, 20), (310, 17), (392, 20),
        (426, 27), (438, 46), (442, 70), (400, 75), (280, 79),
    ),
    pillars=(((268, 12), (271, 84)), ((360, 12), (366, 82))),
    doors=(
        ((154, 82), (148, 108), (152, 146), (166, 172)), ((271, 80), (274, 172)),
        ((366, 80), (366, 100), (354, 126), (338, 172)),
    ),
    handles=((246, 98), (342, 96)),
    wheels=((94, 169), (388, 169)),
    radius=42,
    spokes=6,
    bar=True,
)  # fmt: skip


def car(kind: CarKind, rng: np.random.Generator) -> Image.Image:
    """A car."""
    canvas = Canvas(*kind.size)
    (first, last), r = kind.wheels, kind.radius
    low = kind.body[0][1]
    canvas.fill(box(first[0] - 20, low - 40, last[0] + 20, low + 12, 8), "#121317")
    body = _body(kind)
    canvas.fill(body, (lighter(kind.paint, 0.1), darker(kind.paint, 0.12)), volume=0.75, depth=9)
    _sides(canvas, kind, body)
    _windows(canvas, kind)
    _doors(canvas, kind)
    _ends(canvas, kind, body)
    for x, y in kind.wheels:
        canvas.fill(ellipse(x, y - 1, r * 1.15), "#0d0e11", clip=body)
        wheel(canvas, x, y, r, spokes=kind.spokes, turn=float(rng.uniform(0, 360)))
    return canvas.reduced()


def _body(kind: CarKind) -> Shape:
    """The body with a straight underside."""
    return blob(*kind.body, *((x, kind.body[0][1] + 2.0) for x in np.linspace(440, 40, 11)))


def _sides(canvas: Canvas, kind: CarKind, body: Shape) -> None:
    """Sky on the shoulders, a crease, the ground's shade below, the sills."""
    low, (width, _) = kind.body[0][1], kind.size
    belt = kind.glass[-1][1] + 8
    canvas.fill(box(0, belt + 2, width, belt + 12, 5), "#ffffff", opacity=0.30, blur=3, clip=body)
    canvas.fill(
        box(0, belt + 34, width, low + 9), (kind.paint, darker(kind.paint, 0.75)), opacity=0.75, blur=7, clip=body
    )
    crease = ((0, belt + 36), (140, belt + 30), (320, belt + 27), (480, belt + 30))
    canvas.fill(stroke(3, *crease), "#ffffff", opacity=0.35, blur=1, clip=body)
    canvas.fill(stroke(4, *((x, y + 5) for x, y in crease)), "#000000", opacity=0.28, blur=2, clip=body)
    canvas.fill(box(0, low - 13, width, low + 20), (lighter(kind.trim, 0.12), darker(kind.trim, 0.5)), clip=body)
    canvas.fill(box(0, low - 14, width, low - 12.6), "#ffffff", opacity=0.18, clip=body)
    if kind.bar:
        rail = ((212, 12.0), (236, 4.5), (400, 4.5), (430, 14.0))
        canvas.fill(stroke(4, *rail), ("#5b5f66", "#24262a"))


def _windows(canvas: Canvas, kind: CarKind) -> None:
    """Glass with seats behind it and the sky in it."""
    glass = blob(*kind.glass)
    left, top = np.concatenate(glass).min(axis=0)
    right, bottom = np.concatenate(glass).max(axis=0)
    canvas.fill(_grown(glass, 1.04), darker(kind.paint, 0.82), clip="painted")
    canvas.fill(glass, GLASS)
    for x in (0.42, 0.74):
        seat = left + x * (right - left)
        canvas.fill(box(seat, top + 26, seat + 27, bottom + 30, 9), "#141a20", opacity=0.75, clip=glass, blur=0.8)
        canvas.fill(box(seat + 8, top + 12, seat + 26, top + 31, 6), "#141a20", opacity=0.75, clip=glass, blur=0.8)
    wheel_at = left + 0.25 * (right - left)
    canvas.fill(stroke(5, (wheel_at, bottom), (wheel_at + 12, bottom - 26)), "#10151a", opacity=0.8, clip=glass)
    for x, wide in ((0.22, 26), (0.34, 9), (0.66, 30), (0.90, 12)):
        at = left + x * (right - left)
        glint = polygon(
            (at + 34, top - 5), (at + 34 + wide, top - 5), (at + wide - 14, bottom + 5), (at - 14, bottom + 5)
        )
        canvas.fill(glint, ("#ffffff", "#bcd0dc"), opacity=0.26, clip=glass)
    canvas.fill(box(left, top, right, top + 9), "#0b0f13", opacity=0.45, blur=3, clip=glass)
    for one, other in kind.pillars:
        canvas.fill(stroke(8, one, other), "#16181c", clip=glass)
    canvas.fill(
        stroke(2, *((x, y + 2.5) for x, y in kind.glass[-3:]), kind.glass[0]), "#d5dade", opacity=0.55, clip="painted"
    )


def _grown(shape: Shape, share: float) -> Shape:
    """The shape scaled about its middle."""
    corners = np.concatenate(shape)
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    return [(part - middle) * (share, 1 + (share - 1) * 2.6) + middle for part in shape]


def _doors(canvas: Canvas, kind: CarKind) -> None:
    """Gaps, handles and the mirror."""
    for gap in kind.doors:
        canvas.fill(stroke(1.7, *gap), darker(kind.paint, 0.75), opacity=0.85, clip="painted")
        canvas.fill(stroke(1.2, *((x + 1.6, y) for x, y in gap)), "#ffffff", opacity=0.25, clip="painted")
    for x, y in kind.handles:
        canvas.fill(box(x - 13, y + 2, x + 13, y + 9, 4), darker(kind.paint, 0.5), opacity=0.6, blur=1)
        canvas.fill(box(x - 13, y, x + 13, y + 5.5, 2.7), (lighter(kind.paint, 0.55), darker(kind.paint, 0.2)))
    x, y = kind.glass[0]
    canvas.fill(box(x + 14, y - 5, x + 26, y + 4, 2), "#17191d")
    canvas.fill(
        blob((x + 8, y - 18), (x + 24, y - 20), (x + 32, y - 12), (x + 30, y - 1), (x + 14, y)),
        kind.paint,
        volume=0.8,
        depth=4,
    )


def _ends(canvas: Canvas, kind: CarKind, body: Shape) -> None:
    """Lamps, bumpers, and the number plate's edge."""
    x, y = kind.body[3]
    lamp = blob((x - 8, y + 4), (x + 14, y - 5), (x + 46, y - 10), (x + 40, y + 6), (x + 14, y + 15), (x - 6, y + 16))
    canvas.fill(lamp, ("#f7fbff", "#9aa8b4"), clip=body)
    canvas.fill(ellipse(x + 13, y + 4, 8, 6.5), ("#5d6a76", "#e9f2f8"), clip=lamp)
    canvas.fill(ellipse(x + 13, y + 4, 4), "#ffffff", clip=lamp)
    canvas.fill(
        stroke(1.4, (x - 6, y + 16), (x + 14, y + 15.5), (x + 40, y + 6), (x + 46, y - 10)), "#101216", opacity=0.6
    )
    canvas.fill(box(-10, y + 26, x + 10, y + 42, 3), "#17181c", clip=body)
    canvas.fill(box(x + 2, y + 50, x + 16, y + 58, 4), "#f3ead0", opacity=0.9, clip=body)
    back = [p for p in kind.body if p[0] > 462]
    x, y = back[0]
    tail = blob((x - 22, y - 2), (x + 14, y - 8), (x + 16, y + 24), (x - 6, y + 26), (x - 18, y + 14))
    canvas.fill(tail, ("#e8473a", "#8c0f12"), clip=body)
    canvas.fill(
        blob((x - 14, y + 2), (x + 12, y - 2), (x + 12, y + 5), (x - 8, y + 8)), "#ffb3a4", opacity=0.8, clip=body
    )
    canvas.fill(stroke(1.5, (444, y + 40), (480, y + 38)), darker(kind.paint, 0.7), opacity=0.7, clip=body)


def wheel(canvas: Canvas, x: float, y: float, radius: float, *, spokes: int, turn: float, rim: str = "#c9ced3") -> None:
    """A tyre with a rim, its spokes and a hub."""
    canvas.fill(ellipse(x, y, radius), TYRE, volume=0.9, depth=4)
    canvas.fill(ring(x, y, radius * 0.86, 1.2), "#45474d", opacity=0.8)
    inner = radius * 0.70
    canvas.fill(ellipse(x, y, inner), ("#0f1013", "#2c2e33"))
    canvas.fill(ellipse(x, y, inner * 0.72), "#3a3d42", volume=0.5, depth=4)
    for i in range(spokes):
        (ax, ay), (bx, by) = (arc(x, y, r, turn + 360 * i / spokes, 0)[0] for r in (inner * 0.18, inner * 0.95))
        thick = inner * min(0.19, 1.1 / spokes)
        canvas.fill(
            limb((ax, ay, thick), (bx, by, thick * 0.7)), (lighter(rim, 0.3), darker(rim, 0.25)), volume=0.5, depth=2
        )
    canvas.fill(ring(x, y, inner * 0.95, inner * 0.13), (lighter(rim, 0.5), darker(rim, 0.35)))
    canvas.fill(ellipse(x, y, inner * 0.24), (lighter(rim, 0.4), darker(rim, 0.3)), volume=0.4, depth=2)
    canvas.fill(ellipse(x, y, inner * 0.10), mixed(rim, "#000000", 0.6))
