"""Cats from the side, facing left and looking at the camera."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from drawing.canvas import Canvas, darker, lighter
from drawing.fur import hair, leg
from drawing.shapes import Shape, blob, ellipse, limb, mirrored, stroke

SIZE = (480, 370)
FACE = (72.0, 118.0)


@dataclass(frozen=True)
class CatKind:
    """What makes one cat differ from another.

    Attributes:
        coat: main colour.
        stripes: colour of the stripes, if any.
        white: whether chest, muzzle and paws are white.
        iris: colour of the eyes.
        stride: how far the legs are apart.
    """

    coat: str
    iris: str
    stripes: str | None = None
    white: bool = False
    stride: float = 0.0


GINGER = CatKind("#dc8b3c", "#7fae3a", stripes="#a9581b", white=True)
TABBY = CatKind("#8f8a80", "#d3a52c", stripes="#3f3a34", stride=14)
BLACK = CatKind("#2f2e35", "#9fc23c", white=True, stride=-10)


def cat(kind: CatKind, rng: np.random.Generator) -> Image.Image:
    """A walking cat with its tail up."""
    canvas = Canvas(*SIZE)
    s = kind.stride
    paws = "#f6f1e8" if kind.white else kind.coat
    _tail(canvas, kind)
    leg(
        canvas,
        kind.coat,
        ((330, 216, 40), (338, 264, 24), (362 - s, 300, 12), (348 - s, 330, 10), (344 - s, 352, 11)),
        paw=paws,
        far=True,
    )
    leg(canvas, kind.coat, ((150, 222, 28), (158, 276, 17), (164 + s, 318, 12), (166 + s, 352, 11)), paw=paws, far=True)
    torso = _torso(canvas, kind, rng)
    rear = ((352, 196, 44), (360, 240, 36), (376, 272, 21), (394 + s, 300, 13), (384 + s, 328, 11), (378 + s, 351, 12))
    front = ((124, 206, 36), (122, 250, 24), (116 - s, 300, 14), (116 - s, 351, 12))
    canvas.fill(ellipse(312, 236, 16, 36, -20), "#120d0a", opacity=0.4, blur=8, clip=torso)
    hind = leg(canvas, kind.coat, rear, paw=paws)
    canvas.fill(ellipse(344, 178, 52, 34), lighter(kind.coat, 0.03), opacity=0.9, blur=10, clip=torso)
    arm = leg(canvas, kind.coat, front, paw=paws)
    if kind.stripes:
        _stripes(canvas, kind.stripes, torso, (hind, arm), rng)
    hair(canvas, hind, kind.coat, rng, count=130, lean=(0.4, 0.9))
    _head(canvas, kind, rng)
    return canvas.reduced()


def _tail(canvas: Canvas, kind: CatKind) -> None:
    """A tail like a question mark."""
    tail = limb((380, 176, 20), (424, 158, 16), (450, 112, 14), (448, 62, 13), (440, 30, 12), (458, 13, 9))
    canvas.fill(tail, (kind.coat, darker(kind.coat, 0.05)), volume=0.7, depth=6)
    if kind.stripes:
        for x, y, turn in ((420, 160, 50), (440, 134, 30), (450, 106, 6), (449, 78, 0), (445, 52, -8), (444, 24, 20)):
            canvas.fill(ellipse(x, y, 20, 5, turn), kind.stripes, opacity=0.8, blur=1, clip=tail)
    elif kind.white:
        canvas.fill(ellipse(452, 14, 22, 16), "#f6f1e8", blur=2, clip=tail)


def _torso(canvas: Canvas, kind: CatKind, rng: np.random.Generator) -> Shape:
    """Neck, back and belly."""
    torso = blob(
        (84, 190), (92, 152), (128, 136), (180, 150), (240, 156), (300, 148), (350, 144), (390, 168), (400, 208),
        (384, 242), (330, 252), (280, 258), (220, 268), (160, 268), (110, 250), (88, 222),
    )  # fmt: skip
    neck = limb((132, 186, 46), (88, 136, 40))
    canvas.fill(torso + neck, (lighter(kind.coat, 0.06), darker(kind.coat, 0.1)), volume=0.62, depth=15)
    if kind.white:
        canvas.fill(
            blob((60, 150), (100, 158), (118, 196), (116, 240), (96, 262), (76, 220)), "#f6f1e8", blur=5, clip=torso
        )
    canvas.fill(
        blob((150, 280), (240, 274), (330, 254), (330, 246), (240, 256), (150, 262)),
        "#120d0a",
        opacity=0.4,
        blur=7,
        clip=torso,
    )
    hair(canvas, torso, kind.coat, rng, count=380, lean=(1.0, 0.2))
    return torso + neck


def _stripes(canvas: Canvas, paint: str, torso: Shape, legs: tuple[Shape, Shape], rng: np.random.Generator) -> None:
    """A tabby's stripes: along the back, down the sides, around the legs."""
    canvas.fill(
        limb((120, 138, 5), (200, 154, 7), (300, 150, 7), (384, 168, 5)), paint, opacity=0.75, blur=2, clip=torso
    )
    for x in np.arange(146, 392, 25.0):
        bend, long = rng.uniform(-8, 8), rng.uniform(66, 96)
        stripe = limb((x, 140, 8), (x - 7 + bend, 140 + long * 0.5, 6), (x + 6, 140 + long, 1))
        canvas.fill(stripe, paint, opacity=0.72, blur=1.5, clip=torso)
    for shape, (x, top) in zip(legs, ((352, 186), (108, 214)), strict=True):
        for y in np.arange(top, 330, 22.0):
            bar = limb((x - 30, y - 4, 2), (x + 16, y + 5, 4.5), (x + 70, y - 6, 2))
            canvas.fill(bar, paint, opacity=0.6, blur=1.2, clip=shape)


def _head(canvas: Canvas, kind: CatKind, rng: np.random.Generator) -> None:
    """A round face with ears, eyes, nose and whiskers."""
    x, y = FACE
    canvas.fill(ellipse(x + 12, y + 22, 60, 44), "#120d0a", opacity=0.35, blur=9, clip="painted")
    for sign in (-1, 1):
        _ear(canvas, kind, sign)
    face = blob(
        (x - 34, y - 42), (x, y - 48), (x + 34, y - 42), (x + 54, y - 14), (x + 58, y + 14), (x + 44, y + 34),
        (x + 20, y + 46), (x, y + 49), (x - 20, y + 46), (x - 44, y + 34), (x - 58, y + 14), (x - 54, y - 14),
    )  # fmt: skip
    canvas.fill(face, (lighter(kind.coat, 0.08), darker(kind.coat, 0.03)), volume=0.6, depth=12)
    if kind.stripes:
        for dx, bend in ((-16, -8), (0, 0), (16, 8)):
            canvas.fill(
                limb((x + dx, y - 54, 5), (x + dx + bend * 0.4, y - 22, 2)),
                kind.stripes,
                opacity=0.75,
                blur=1,
                clip=face,
            )
        for sign in (-1, 1):
            for dy in (4, 20):
                cheek = limb((x + sign * 62, y + dy - 6, 4), (x + sign * 40, y + dy, 1.5))
                canvas.fill(cheek, kind.stripes, opacity=0.7, blur=1, clip=face)
    hair(canvas, face, kind.coat, rng, count=110, lean=(0.1, 1.0))
    pale = "#f6f1e8" if kind.white else lighter(kind.coat, 0.5)
    if kind.white:
        canvas.fill(blob((x - 6, y - 26), (x + 6, y - 26), (x + 14, y + 10), (x - 14, y + 10)), pale, blur=2, clip=face)
    canvas.fill(
        ellipse(x - 14, y + 26, 19, 15) + ellipse(x + 14, y + 26, 19, 15) + ellipse(x, y + 38, 16, 12),
        pale,
        blur=1.5,
        clip=face,
    )
    for sign in (-1, 1):
        _eye(canvas, x + sign * 25, y - 2, kind.iris, sign)
    canvas.fill(blob((x - 9, y + 13), (x, y + 11), (x + 9, y + 13), (x, y + 22)), ("#e79a96", "#b8605f"))
    for sign in (-1, 1):
        canvas.fill(stroke(2.2, (x, y + 21), (x + sign * 3, y + 29), (x + sign * 14, y + 32)), "#3a2320", opacity=0.85)
        for dy, slope in ((24, -9), (29, -1), (33, 8)):
            tip = (x + sign * 68, y + dy + slope)
            canvas.fill(
                limb((x + sign * 20, y + dy, 0.9), (x + sign * 44, y + dy + slope * 0.3, 0.8), (*tip, 0.4)),
                "#ffffff",
                opacity=0.85,
            )


def _ear(canvas: Canvas, kind: CatKind, sign: int) -> None:
    """A pointed ear, on the left for -1."""
    x, y = FACE
    outer = blob(
        (x - 56, y - 12), (x - 58, y - 52), (x - 52, y - 84), (x - 44, y - 84), (x - 24, y - 62), (x - 6, y - 38)
    )
    inner = blob((x - 47, y - 30), (x - 50, y - 56), (x - 46, y - 72), (x - 32, y - 58), (x - 20, y - 40))
    if sign > 0:
        outer, inner = mirrored(outer, x), mirrored(inner, x)
    canvas.fill(outer, (darker(kind.coat, 0.12), kind.coat), volume=0.6, depth=5)
    canvas.fill(inner, ("#b97b72", "#e2a79b"), opacity=0.85, blur=1.5, clip=outer)


def _eye(canvas: Canvas, x: float, y: float, iris: str, sign: int) -> None:
    """An almond eye with a slit."""
    rim = blob(
        (x - 16 * sign, y + 5),
        (x - 6 * sign, y - 11),
        (x + 8 * sign, y - 11),
        (x + 17 * sign, y - 4),
        (x + 7 * sign, y + 10),
        (x - 7 * sign, y + 11),
    )
    canvas.fill(rim, "#17110d")
    ball = ellipse(x, y, 11.5, 10)
    canvas.fill(ball, (darker(iris, 0.35), lighter(iris, 0.25)), clip=rim)
    canvas.fill(ellipse(x, y, 4, 9.5), "#0c0a08", clip=rim)
    canvas.fill(ellipse(x - 4, y - 4, 2.8), "#ffffff")
