"""Dogs from the side, facing left."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from drawing.canvas import Canvas, darker, lighter
from drawing.fur import eye, hair, leg
from drawing.shapes import Shape, blob, ellipse, limb, stroke

SIZE = (480, 404)


@dataclass(frozen=True)
class DogKind:
    """What makes one dog differ from another.

    Attributes:
        coat: main colour.
        below: colour of belly, legs and muzzle.
        saddle: colour of the back, if another.
        ear: colour of the ears.
        ears: hanging or standing.
        tail: held up or hanging.
        collar: its colour.
        patches: whether the saddle comes in patches and the head is half coloured.
        stride: how far the legs are apart.
    """

    coat: str
    below: str
    ear: str
    collar: str
    saddle: str | None = None
    ears: Literal["hanging", "standing"] = "hanging"
    tail: Literal["up", "down"] = "up"
    patches: bool = False
    stride: float = 0.0


RETRIEVER = DogKind("#d8a55c", "#e6c084", "#b77f3c", "#2d6cb5")
SHEPHERD = DogKind(
    "#b27a42", "#c99558", "#3a2c24", "#8c2f2a", saddle="#2e2723", ears="standing", tail="down", stride=16
)
BEAGLE = DogKind("#f1ece2", "#f7f4ee", "#8a4f26", "#c52f35", saddle="#8f5428", patches=True, stride=-12)


def dog(kind: DogKind, rng: np.random.Generator) -> Image.Image:
    """A standing dog."""
    canvas = Canvas(*SIZE)
    s = kind.stride
    _tail(canvas, kind)
    leg(
        canvas,
        kind.below,
        ((352, 214, 44), (366, 268, 28), (390 - s, 314, 15), (374 - s, 352, 12), (370 - s, 384, 13)),
        far=True,
    )
    leg(canvas, kind.below, ((176, 220, 32), (182, 280, 20), (184 + s, 332, 14), (186 + s, 384, 13)), far=True)
    torso = _torso(canvas, kind, rng)
    _hind(canvas, kind, rng, torso)
    front = ((168, 176, 46), (158, 226, 37), (154, 266, 25), (148 - s, 304, 19), (146 - s, 340, 15), (146 - s, 384, 14))
    shoulder = leg(canvas, kind.coat, front, below=kind.below)
    canvas.fill(ellipse(168, 158, 50, 46), kind.coat, opacity=0.8, blur=10, clip=torso)
    if kind.saddle:
        _saddle(canvas, kind, torso)
    hair(canvas, shoulder, kind.coat, rng, count=200, lean=(0.2, 1.0))
    _head(canvas, kind, rng)
    return canvas.reduced()


def _tail(canvas: Canvas, kind: DogKind) -> None:
    """The tail, bushy where it hangs."""
    paint = kind.saddle or kind.coat
    if kind.tail == "up":
        tail = limb((398, 168, 20), (436, 142, 15), (458, 104, 11), (462, 66, 6))
        canvas.fill(tail, (kind.coat, darker(kind.coat, 0.1)), volume=0.6, depth=6)
        if kind.patches:
            canvas.fill(limb((398, 168, 21), (436, 142, 17), (456, 110, 13)), paint, volume=0.6, depth=6, clip=tail)
        return
    canvas.fill(
        limb((400, 170, 20), (434, 198, 22), (448, 250, 24), (446, 300, 17), (458, 330, 4)),
        (paint, kind.coat),
        volume=0.6,
        depth=8,
    )


def _torso(canvas: Canvas, kind: DogKind, rng: np.random.Generator) -> Shape:
    """Neck, chest, back and belly."""
    torso = blob(
        (112, 178), (120, 132), (152, 108), (196, 122), (250, 134), (310, 132), (364, 132), (408, 158), (422, 200),
        (406, 240), (362, 250), (312, 250), (262, 266), (208, 286), (160, 288), (126, 262), (110, 222),
    )  # fmt: skip
    neck = limb((166, 182, 56), (134, 130, 47), (112, 92, 40))
    canvas.fill(neck + torso, (lighter(kind.coat, 0.05), darker(kind.coat, 0.06)), volume=0.6, depth=17)
    canvas.fill(ellipse(118, 226, 44, 66, 12), kind.below, opacity=0.6, blur=11, clip=torso)
    canvas.fill(
        blob((170, 300), (260, 276), (340, 252), (340, 244), (240, 256), (150, 280)),
        "#160f0c",
        opacity=0.4,
        blur=8,
        clip=torso,
    )
    hair(canvas, torso, kind.coat, rng, count=420, lean=(1.0, 0.22))
    return torso + neck


def _hind(canvas: Canvas, kind: DogKind, rng: np.random.Generator, torso: Shape) -> None:
    """The near hind leg with its thigh."""
    s = kind.stride
    canvas.fill(
        blob((312, 200), (330, 250), (356, 282), (340, 270), (318, 240)), "#160f0c", opacity=0.35, blur=7, clip=torso
    )
    joints = (
        (366, 188, 50),
        (376, 236, 40),
        (394, 280, 24),
        (411 + s, 312, 16),
        (402 + s, 348, 13),
        (396 + s, 384, 14),
    )
    thigh = leg(canvas, kind.coat, joints, below=kind.below)
    canvas.fill(ellipse(360, 180, 62, 44), kind.coat, opacity=0.85, blur=12, clip=torso)
    hair(canvas, thigh, kind.coat, rng, count=200, lean=(0.45, 0.9))


def _saddle(canvas: Canvas, kind: DogKind, torso: Shape) -> None:
    """A coloured back, whole or in patches."""
    paint = kind.saddle or kind.coat
    if kind.patches:
        spots = (
            blob((196, 116), (240, 126), (286, 126), (296, 160), (276, 196), (240, 206), (206, 190), (190, 150)),
            blob((356, 126), (412, 152), (424, 190), (404, 214), (376, 206), (350, 178), (344, 146)),
        )
        for spot in spots:
            canvas.fill(spot, (darker(paint, 0.1), paint), volume=0.35, depth=9, clip=torso, blur=1.2)
        return
    back = blob(
        (132, 100),
        (196, 112),
        (280, 122),
        (364, 122),
        (426, 160),
        (418, 208),
        (372, 206),
        (310, 214),
        (240, 210),
        (190, 194),
        (150, 160),
    )
    canvas.fill(back, (darker(paint, 0.25), paint), opacity=0.93, blur=5, clip=torso)
    canvas.fill(stroke(12, (170, 122), (250, 140), (330, 140), (396, 164)), "#a99a8c", opacity=0.28, blur=6, clip=torso)


def _head(canvas: Canvas, kind: DogKind, rng: np.random.Generator) -> None:
    """Skull, muzzle, ears, eye, and the collar."""
    collar = limb((96, 146, 7), (126, 152, 7), (160, 132, 7), (168, 108, 7))
    canvas.fill(collar, (lighter(kind.collar, 0.1), darker(kind.collar, 0.25)), volume=0.7, depth=4, clip="painted")
    canvas.fill(ellipse(106, 162, 9), ("#f5dc8a", "#b58a2a"), volume=0.6, depth=3)
    if kind.ears == "standing":
        far = blob((84, 50), (84, 22), (92, 7), (110, 28), (118, 52))
        canvas.fill(far, darker(kind.ear, 0.4), volume=0.4, depth=5)
    jaw = limb((98, 104, 26), (60, 114, 15), (38, 114, 10))
    canvas.fill(jaw, darker(kind.below, 0.25), volume=0.6, depth=6)
    skull = (
        ellipse(104, 74, 46, 44)
        + limb((96, 84, 34), (56, 96, 24), (28, 98, 19))
        + blob((72, 46), (50, 76), (24, 82), (40, 104), (96, 100))
    )
    paint = kind.saddle if kind.patches and kind.saddle else kind.coat
    canvas.fill(skull, (lighter(paint, 0.08), darker(paint, 0.06)), volume=0.6, depth=11)
    if kind.patches:
        blaze = blob((70, 30), (82, 46), (58, 78), (60, 120), (10, 124), (4, 80), (40, 74), (60, 50))
        canvas.fill(blaze, kind.below, blur=2, clip=skull)
    mask = kind.ear if kind.ears == "standing" else kind.below
    canvas.fill(ellipse(26, 102, 42, 24), mask, opacity=0.75, blur=7, clip=skull)
    hair(canvas, skull, paint, rng, count=110, lean=(1.0, 0.15))
    canvas.fill(stroke(2.6, (22, 116), (42, 119), (66, 116), (82, 106)), "#1a0f0b", opacity=0.85, clip="painted")
    canvas.fill(
        blob((8, 88), (18, 80), (32, 84), (30, 96), (16, 104), (8, 99)), ("#3d3533", "#0d0b0b"), volume=0.8, depth=3
    )
    canvas.fill(ellipse(18, 87, 5, 2.2), "#ffffff", opacity=0.5)
    canvas.fill(ellipse(70, 70, 13, 11), darker(paint, 0.6), opacity=0.4, blur=4, clip=skull)
    eye(canvas, 70, 70, 6.5, "#7a4a22")
    canvas.fill(stroke(4, (60, 58), (70, 54), (82, 58)), lighter(paint, 0.35), opacity=0.5, blur=1.5, clip=skull)
    if kind.ears == "standing":
        near = blob((100, 54), (104, 24), (118, 4), (136, 28), (142, 62), (122, 74))
        canvas.fill(near, (kind.ear, kind.coat), volume=0.6, depth=6)
        canvas.fill(
            blob((110, 56), (112, 30), (119, 17), (128, 36), (130, 58)), "#6d4638", opacity=0.6, blur=2, clip=near
        )
        return
    canvas.fill(
        blob((108, 44), (140, 52), (160, 92), (156, 132), (132, 142), (112, 116), (104, 76)),
        "#150d09",
        opacity=0.35,
        blur=5,
        clip="painted",
    )
    flap = blob((104, 42), (130, 44), (150, 72), (152, 112), (136, 132), (118, 118), (108, 82))
    canvas.fill(flap, (lighter(kind.ear, 0.08), darker(kind.ear, 0.15)), volume=0.7, depth=9)
    hair(canvas, flap, kind.ear, rng, count=80, lean=(0.3, 1.0))
