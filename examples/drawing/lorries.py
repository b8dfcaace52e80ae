"""Lorries from the side, facing left: the same cab, with different loads behind it."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from drawing.canvas import Canvas, darker, lighter
from drawing.shapes import Shape, blob, box, ellipse, limb, polygon, stroke
from drawing.vehicles import GLASS, wheel

SIZE = (480, 256)
WHEELS = (82, 334, 414)
AXLE, RADIUS = 220, 34
Load = Callable[[Canvas, np.random.Generator], None]


def lorry(paint: str, load: Load, rng: np.random.Generator) -> Image.Image:
    """A lorry with a cab of the given colour."""
    canvas = Canvas(*SIZE)
    _chassis(canvas)
    load(canvas, rng)
    _cab(canvas, paint)
    for x in WHEELS:
        wheel(canvas, x, AXLE, RADIUS, spokes=8, turn=float(rng.uniform(0, 45)), rim="#b4b9bf")
    for x in WHEELS[1:]:
        guard = limb(
            (x - 39, AXLE - 6, 2.5),
            (x - 27, AXLE - 30, 2.5),
            (x, AXLE - 39, 2.5),
            (x + 27, AXLE - 30, 2.5),
            (x + 39, AXLE - 6, 2.5),
        )
        canvas.fill(guard, ("#3c3f45", "#1b1c20"))
    return canvas.reduced()


def closed_box(canvas: Canvas, rng: np.random.Generator) -> None:
    """A smooth white box with a stripe."""
    side = box(152, 6, 474, 190, 5)
    canvas.fill(side, ("#fbfbf8", "#ccd1d6"), volume=0.35, depth=5)
    for top, bottom, paint in ((112, 140, "#2b62a8"), (146, 153, "#e3a32b")):
        band = polygon((152, bottom - 28), (300, bottom), (474, bottom), (474, top), (310, top), (152, top - 36))
        canvas.fill(band, (lighter(paint, 0.12), darker(paint, 0.1)), clip=side)
    for x in np.linspace(152, 474, 8)[1:-1]:
        canvas.fill(box(x, 14, x + 1.2, 184), "#7d8790", opacity=0.35, clip=side)
        canvas.fill(box(x + 1.2, 14, x + 2.4, 184), "#ffffff", opacity=0.35, clip=side)
    shine = polygon((190, 6), (262, 6), (200, 190), (128, 190))
    canvas.fill(shine, "#ffffff", opacity=0.28, blur=10, clip=side)
    _frame(canvas, "#aab0b6")


def curtain(canvas: Canvas, rng: np.random.Generator) -> None:
    """A tarpaulin with straps and folds."""
    side = box(152, 6, 474, 190, 4)
    canvas.fill(side, ("#3f8f63", "#256344"), volume=0.4, depth=6)
    for x in np.arange(160, 474, 13):
        at, strength = x + rng.uniform(-3, 3), rng.uniform(0.08, 0.26)
        lean = rng.uniform(-4, 4)
        canvas.fill(stroke(6, (at, 20), (at + lean, 182)), "#0e2f20", opacity=strength, blur=2.5, clip=side)
        canvas.fill(
            stroke(5, (at + 6, 20), (at + 6 + lean, 182)), "#d8ffe9", opacity=strength * 0.8, blur=2.5, clip=side
        )
    for x in np.linspace(176, 452, 7):
        canvas.fill(box(x - 3, 14, x + 3, 196), ("#20272b", "#3a444a"))
        canvas.fill(box(x - 4, 178, x + 4, 186, 1.5), ("#e4e7ea", "#8d949b"))
    canvas.fill(ellipse(314, 92, 56, 40), "#e9f2ec", opacity=0.92, clip=side)
    canvas.fill(blob((284, 96), (306, 74), (344, 80), (330, 104), (300, 114)), ("#e08a2c", "#c4611c"), clip=side)
    _frame(canvas, "#8f979d")


def tipper(canvas: Canvas, rng: np.random.Generator) -> None:
    """A ribbed steel tub heaped with gravel."""
    heap = blob((176, 74), (206, 42), (250, 26), (300, 18), (352, 26), (406, 34), (452, 66), (440, 90), (190, 90))
    canvas.fill(heap, ("#a48f72", "#6e5d48"), volume=0.5, depth=14)
    for x, y, size in zip(
        rng.uniform(186, 450, 260), rng.uniform(18, 76, 260), rng.uniform(1.5, 4.5, 260), strict=True
    ):
        stone = rng.choice(["#c6b394", "#8a7658", "#5d4e3b", "#b09a7a"])
        canvas.fill(ellipse(x, y, size, size * 0.75), str(stone), opacity=0.75, clip=heap)
    side = polygon((158, 60), (474, 60), (468, 168), (446, 190), (166, 190), (158, 176))
    canvas.fill(side, ("#8d98a3", "#59636d"), volume=0.6, depth=5)
    for x in np.linspace(158, 468, 8):
        canvas.fill(box(x - 1, 68, x + 13, 186, 2), ("#a9b4be", "#66717b"), volume=0.5, depth=3, clip=side)
        canvas.fill(box(x + 13, 70, x + 18, 186), "#20262c", opacity=0.3, blur=1.5, clip=side)
    canvas.fill(box(154, 56, 476, 70, 4), ("#c2cbd3", "#737e88"), volume=0.4, depth=3)
    canvas.fill(polygon((110, 22), (168, 22), (168, 66), (156, 66), (156, 32), (110, 32)), ("#a9b4be", "#66717b"))
    canvas.fill(box(150, 160, 474, 200), "#15181b", opacity=0.35, blur=8, clip=side)


def _frame(canvas: Canvas, paint: str) -> None:
    """Edges of a box body."""
    canvas.fill(box(150, 184, 476, 194, 2), (lighter(paint, 0.3), darker(paint, 0.45)))
    canvas.fill(box(150, 4, 476, 12, 3), (lighter(paint, 0.5), darker(paint, 0.1)))
    for x in (150, 469):
        canvas.fill(box(x, 6, x + 7, 192, 2), (lighter(paint, 0.4), darker(paint, 0.2)), across=True)
    for x in (164, 238, 312, 386, 458):
        canvas.fill(box(x, 186, x + 9, 191, 2), ("#ffb347", "#e0701a"))


def _chassis(canvas: Canvas) -> None:
    """Beams, tank, guards, lamps and flaps under the load."""
    canvas.fill(box(60, 188, 466, 214, 3), ("#2b2d33", "#131418"))
    canvas.fill(box(134, 198, 212, 236, 9), ("#c3c9cf", "#5c646c"), volume=0.5, depth=6)
    for x in (152, 192):
        canvas.fill(box(x, 198, x + 5, 236), "#2c2f34")
    for y in (204, 220):
        canvas.fill(box(222, y, 290, y + 7, 2), ("#9aa1a8", "#5a6169"))
    for x in (232, 276):
        canvas.fill(box(x, 196, x + 5, 230), "#3b3f45")
    canvas.fill(box(450, 196, 474, 208, 2), ("#e5483b", "#8f1414"))
    canvas.fill(box(455, 208, 462, 236, 1), "#17181b")


def _cab(canvas: Canvas, paint: str) -> None:
    """The driver's cab."""
    hood = blob((52, 46), (74, 24), (110, 12), (140, 8), (143, 30), (140, 50))
    canvas.fill(hood, (lighter(paint, 0.12), darker(paint, 0.15)), volume=0.7, depth=7)
    cab = blob(
        (8, 216), (5, 190), (6, 150), (12, 116), (22, 78), (32, 50), (48, 40), (90, 38), (138, 38), (144, 46),
        (145, 120), (144, 196), (136, 202), (60, 222), (20, 222),
    )  # fmt: skip
    canvas.fill(cab, (lighter(paint, 0.1), darker(paint, 0.22)), volume=0.75, depth=7)
    canvas.fill(box(0, 150, 150, 224), (paint, darker(paint, 0.7)), opacity=0.55, blur=6, clip=cab)
    canvas.fill(box(120, 60, 150, 210), darker(paint, 0.6), opacity=0.28, blur=5, clip=cab)
    screen = polygon((37, 52), (44, 52), (29, 114), (19, 116))
    canvas.fill(screen, ("#a9bdca", "#3a4a57"), clip=cab)
    glass = blob(
        (53, 56),
        (60, 53),
        (86, 52),
        (112, 53),
        (117, 57),
        (117, 90),
        (116, 108),
        (110, 113),
        (70, 113),
        (44, 117),
        (38, 114),
    )
    canvas.fill(glass + stroke(7, *glass[0].tolist(), glass[0][0].tolist(), curved=False), "#14161a")
    canvas.fill(glass, GLASS)
    canvas.fill(box(84, 78, 108, 130, 8), "#141a20", opacity=0.8, clip=glass, blur=0.8)
    canvas.fill(box(88, 62, 104, 82, 5), "#141a20", opacity=0.8, clip=glass, blur=0.8)
    canvas.fill(polygon((74, 50), (92, 50), (62, 120), (44, 120)), "#ffffff", opacity=0.25, clip=glass)
    canvas.fill(polygon((98, 50), (103, 50), (73, 120), (68, 120)), "#ffffff", opacity=0.25, clip=glass)
    seam = ((46, 50), (32, 114), (36, 150), (38, 188))
    canvas.fill(stroke(1.5, *seam) + stroke(1.5, (124, 50), (124, 184)), darker(paint, 0.7), opacity=0.85, clip=cab)
    canvas.fill(stroke(3, (0, 142), (150, 136)), "#ffffff", opacity=0.3, blur=1, clip=cab)
    canvas.fill(stroke(4, (0, 147), (150, 141)), "#000000", opacity=0.25, blur=1.5, clip=cab)
    canvas.fill(box(101, 124, 119, 130, 3), ("#3a3d43", "#101114"))
    canvas.fill(ellipse(WHEELS[0], AXLE - 2, 43), "#0d0e11", clip=cab)
    canvas.fill(_arch(), darker(paint, 0.65), clip=cab)
    canvas.fill(box(2, 196, 42, 232, 6), ("#3a3d43", "#15161a"), volume=0.4, depth=4)
    canvas.fill(box(4, 176, 26, 192, 4), ("#f8fbff", "#93a2af"))
    canvas.fill(box(4, 205, 20, 213, 3), "#f3ead0")
    canvas.fill(box(28, 180, 34, 188, 2), "#f0962e")
    canvas.fill(stroke(4, (34, 56), (16, 58), (14, 70)), "#1a1b1f")
    canvas.fill(box(8, 66, 22, 106, 5), ("#34373d", "#131417"), volume=0.5, depth=3)
    canvas.fill(box(124, 204, 142, 209, 1) + box(124, 222, 142, 227, 1), "#3b3f45")


def _arch() -> Shape:
    """The lip of the front wheel's arch."""
    x, y, r = WHEELS[0], AXLE - 2, 43.0
    angles = np.radians(np.linspace(185, 355, 12))
    return limb(*((x + r * np.cos(a), y + r * np.sin(a), 2.2) for a in angles), steps=3)
