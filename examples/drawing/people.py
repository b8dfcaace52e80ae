"""People: standing and seen from the front, or walking to the left."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from drawing.canvas import Canvas, darker, lighter
from drawing.shapes import Shape, blob, box, ellipse, limb, mirrored, polygon, stroke

SIZE = (200, 484)
MIDDLE = 100.0


@dataclass(frozen=True)
class PersonKind:
    """What makes one person differ from another.

    Attributes:
        skin: its colour.
        hair: its colour.
        top: colour of jacket or coat.
        shirt: what is seen below it.
        legs: colour of the trousers.
        shoes: their colour.
        long: long hair and a long coat with a bag, rather than short hair and an open jacket.
    """

    skin: str
    hair: str
    top: str
    shirt: str
    legs: str
    shoes: str
    long: bool = False


NEIGHBOUR = PersonKind("#dba27c", "#4a2f1d", "#2c4a6b", "#c9ccd0", "#3c5479", "#d9d5cc")
VISITOR = PersonKind("#a9704b", "#231815", "#c8912f", "#7b2f3c", "#33333d", "#6b3f28", long=True)
COURIER = PersonKind("#edbe98", "#6b4424", "#b5362f", "#e6e3dc", "#3f4247", "#33302e")


def person(kind: PersonKind, rng: np.random.Generator) -> Image.Image:
    """Someone who stands and looks at the camera."""
    canvas = Canvas(*SIZE)
    if kind.long:
        _long_hair(canvas, kind)
    for sign in (-1, 1):
        _standing_leg(canvas, kind, sign)
    hem = 318 if kind.long else 262
    torso = _torso(canvas, kind, hem)
    for sign in (-1, 1):
        _hanging_arm(canvas, kind, sign)
    _creases(canvas, torso, rng)
    if kind.long:
        _bag(canvas)
    _neck_and_face(canvas, kind)
    return canvas.reduced()


def _side(shape: Shape, sign: int) -> Shape:
    """A shape drawn for the left, on the right for 1."""
    return mirrored(shape, MIDDLE) if sign > 0 else shape


def _standing_leg(canvas: Canvas, kind: PersonKind, sign: int) -> None:
    """A trouser leg and its shoe."""
    shoe = _side(blob((66, 456), (90, 456), (94, 470), (88, 481), (66, 481), (58, 475)), sign)
    canvas.fill(shoe, (lighter(kind.shoes, 0.1), darker(kind.shoes, 0.3)), volume=0.7, depth=4)
    sole = _side(box(56, 476, 94, 484, 2), sign)
    canvas.fill(sole, darker(kind.shoes, 0.55), clip=shoe)
    if kind.long:
        boot = _side(limb((77, 410, 17), (77, 458, 15)), sign)
        canvas.fill(boot, (kind.shoes, darker(kind.shoes, 0.15)), volume=0.7, depth=5)
    end = 402 if kind.long else 456
    leg = _side(limb((80, 248, 22), (77, 344, 20.5), (76, end, 17), flat=True), sign)
    canvas.fill(leg, (kind.legs, darker(kind.legs, 0.2)), volume=0.6, depth=8)
    canvas.fill(box(95, 240, 105, 450, 5), "#000000", opacity=0.35, blur=5, clip=leg)
    for y, dx in ((342, 10), (446, -9)):
        fold = _side(limb((77 - dx, y, 0.4), (77, y + 3, 2.2), (77 + dx, y - 2, 0.4)), sign)
        canvas.fill(fold, "#000000", opacity=0.2, blur=1.4, clip=leg)


def _torso(canvas: Canvas, kind: PersonKind, hem: float) -> Shape:
    """Coat or jacket, and the shirt in its opening."""
    flare = 12 if kind.long else 0
    left = [(88, 84), (66, 92), (56, 104), (56, 140), (61, 190), (59, 226), (57 - flare, hem - 8), (60 - flare, hem)]
    torso = blob(*left, (MIDDLE, hem + 5), *[(2 * MIDDLE - x, y) for x, y in reversed(left)])
    canvas.fill(torso, (lighter(kind.top, 0.06), darker(kind.top, 0.18)), volume=0.55, depth=12)
    if kind.long:
        canvas.fill(polygon((86, 84), (114, 84), (100, 136)), kind.shirt, clip=torso)
        canvas.fill(stroke(2, (100, 134), (101, hem + 6)), "#000000", opacity=0.45, clip=torso)
        canvas.fill(stroke(5, (104, 134), (105, hem + 6)), "#000000", opacity=0.18, blur=2, clip=torso)
        for y in (154, 180, 240, 268):
            canvas.fill(ellipse(108, y, 3.6), (lighter(kind.top, 0.5), darker(kind.top, 0.5)))
        belt = box(50, 202, 150, 216, 3)
        canvas.fill(belt, (darker(kind.top, 0.25), darker(kind.top, 0.5)), clip=torso)
        canvas.fill(box(92, 200, 110, 218, 3), ("#e9d9a6", "#97803f"))
        canvas.fill(box(96, 204, 106, 214, 2), darker(kind.top, 0.45))
    else:
        opening = polygon((86, 82), (114, 82), (116, 150), (114, hem + 6), (86, hem + 6), (84, 150))
        canvas.fill(opening, (kind.shirt, darker(kind.shirt, 0.2)), clip=torso)
        canvas.fill(box(80, 240, 120, hem + 6), "#3a2a1c", clip=opening)
        canvas.fill(box(94, 243, 106, 256, 2), ("#d9dde0", "#7d838a"), clip=opening)
        for sign in (-1, 1):
            edge = _side(stroke(3, (85, 84), (84, 150), (86, hem)), sign)
            canvas.fill(edge, "#000000", opacity=0.5, blur=1.5, clip=torso)
            pocket = _side(stroke(1.6, (60, 214), (76, 206)), sign)
            canvas.fill(pocket, darker(kind.top, 0.65), opacity=0.8, clip=torso)
    for sign in (-1, 1):
        lapel = _side(blob((88, 82), (72, 92), (76, 116), (92, 142), (96, 134), (88, 104)), sign)
        canvas.fill(lapel, (lighter(kind.top, 0.12), darker(kind.top, 0.08)), volume=0.5, depth=4, clip=torso)
    return torso


def _hanging_arm(canvas: Canvas, kind: PersonKind, sign: int) -> None:
    """A sleeve and a hand."""
    hand = _side(limb((23, 242, 9), (22, 258, 10.5), (25, 272, 6)), sign)
    canvas.fill(hand, (kind.skin, darker(kind.skin, 0.1)), volume=0.6, depth=4)
    canvas.fill(_side(limb((30, 248, 4), (34, 262, 3.4)), sign), kind.skin, volume=0.6, depth=2)
    shadow = _side(limb((64, 116, 16), (56, 180, 14), (52, 240, 10)), sign)
    canvas.fill(shadow, "#000000", opacity=0.3, blur=5, clip="painted")
    sleeve = _side(limb((63, 108, 17), (52, 128, 16.5), (40, 178, 14.5), (24, 242, 11.5), flat=True), sign)
    canvas.fill(sleeve, (lighter(kind.top, 0.04), darker(kind.top, 0.14)), volume=0.6, depth=7)
    for x, y in ((40, 170), (38, 184), (29, 226)):
        fold = _side(limb((x - 10, y - 4, 0.4), (x, y + 2, 2), (x + 9, y, 0.4)), sign)
        canvas.fill(fold, "#000000", opacity=0.28, blur=0.9, clip=sleeve)
    cuff = _side(stroke(3, (12, 234), (37, 242)), sign)
    canvas.fill(cuff, darker(kind.top, 0.5), opacity=0.7, clip=sleeve)


def _creases(canvas: Canvas, torso: Shape, rng: np.random.Generator) -> None:
    """Folds of cloth at the waist."""
    for y in rng.uniform(150, 250, 7):
        sign = int(rng.choice([-1, 1]))
        fold = _side(limb((58, y, 0.5), (68, y + 4, 2), (82, y + rng.uniform(4, 14), 0.5)), sign)
        canvas.fill(fold, "#000000", opacity=0.18, blur=1.2, clip=torso)


def _bag(canvas: Canvas) -> None:
    """A shoulder bag."""
    canvas.fill(stroke(4.5, (62, 94), (98, 170), (134, 248)), ("#7a3b2c", "#5a281d"), volume=0.5, depth=1.5)
    bag = box(112, 240, 166, 284, 9)
    canvas.fill(bag, ("#93483a", "#5e281d"), volume=0.6, depth=6)
    canvas.fill(
        blob((112, 242), (166, 242), (164, 258), (140, 268), (114, 258)),
        ("#a45444", "#74362a"),
        volume=0.5,
        depth=3,
        clip=bag,
    )
    canvas.fill(ellipse(140, 262, 4), ("#f0dc98", "#a08238"))


def _long_hair(canvas: Canvas, kind: PersonKind) -> None:
    """Hair behind head and shoulders."""
    back = blob(
        (70, 34), (100, 6), (130, 34), (138, 80), (142, 122), (124, 136), (100, 138), (76, 136), (58, 122), (62, 80)
    )
    canvas.fill(back, (kind.hair, darker(kind.hair, 0.3)), volume=0.5, depth=8)


def _neck_and_face(canvas: Canvas, kind: PersonKind) -> None:
    """Neck, head, features and the hair before them."""
    x = MIDDLE
    canvas.fill(limb((x, 62, 13), (x, 86, 14), (x, 96, 9)), darker(kind.skin, 0.22), volume=0.3, depth=5)
    for sign in (-1, 1):
        collar = _side(blob((86, 78), (74, 90), (82, 104), (98, 100), (90, 90)), sign)
        paint = kind.shirt if not kind.long else kind.top
        canvas.fill(collar, (lighter(paint, 0.04), darker(paint, 0.16)), volume=0.35, depth=3)
        canvas.fill(_side(ellipse(74, 47, 5, 8.5), sign), darker(kind.skin, 0.08), volume=0.5, depth=2)
    face = blob(
        (x - 25, 32),
        (x - 18, 14),
        (x, 8),
        (x + 18, 14),
        (x + 25, 32),
        (x + 25, 52),
        (x + 17, 68),
        (x, 77),
        (x - 17, 68),
        (x - 25, 52),
    )
    canvas.fill(face, (lighter(kind.skin, 0.06), darker(kind.skin, 0.04)), volume=0.5, depth=8)
    for sign in (-1, 1):
        canvas.fill(_side(ellipse(88, 59, 8, 5), sign), "#c8503c", opacity=0.16, blur=3, clip=face)
        white = _side(ellipse(89.5, 45, 5.4, 3.6), sign)
        canvas.fill(white, "#f7f3ee")
        canvas.fill(_side(ellipse(89.8, 45, 3.1, 3.4), sign), "#3b2a1d", clip=white)
        canvas.fill(ellipse(x + sign * 10.4 - 1, 43.8, 1.0), "#ffffff")
        canvas.fill(_side(stroke(1.7, (83.6, 44), (89.5, 41), (95, 43.6)), sign), "#1c130e")
        canvas.fill(_side(limb((81.5, 37.5, 0.9), (88, 34, 1.8), (95.5, 35.6, 1.3)), sign), darker(kind.hair, 0.3))
    canvas.fill(
        limb((x + 2, 44, 0.6), (x + 4.5, 54, 1.6), (x, 57.5, 1.1)), darker(kind.skin, 0.4), opacity=0.6, blur=0.7
    )
    canvas.fill(ellipse(x - 2, 50, 2.4, 5), "#ffffff", opacity=0.22, blur=1.5, clip=face)
    lips = "#a94c48" if kind.long else darker(kind.skin, 0.38)
    canvas.fill(blob((x - 9, 64), (x - 3, 62.6), (x, 63.3), (x + 3, 62.6), (x + 9, 64), (x, 68.5)), lips, opacity=0.9)
    canvas.fill(stroke(1.1, (x - 10, 63), (x - 4, 65.4), (x + 4, 65.4), (x + 10, 63)), "#3a1a16", opacity=0.8)
    if kind.long:
        _fringe(canvas, kind)
    else:
        canvas.fill(ellipse(x, 66, 22, 13), darker(kind.hair, 0.1), opacity=0.16, blur=3, clip=face)
        hair = blob(
            (74, 44),
            (72, 24),
            (84, 6),
            (104, 1),
            (122, 8),
            (129, 26),
            (126, 44),
            (122, 30),
            (112, 22),
            (96, 24),
            (82, 24),
            (78, 32),
        )
        canvas.fill(hair, (lighter(kind.hair, 0.12), darker(kind.hair, 0.2)), volume=0.7, depth=5)
        for dx in (-14, -4, 8, 17):
            lock = limb((x + dx, 21, 0.5), (x + dx * 0.9 + 4, 10, 1.2), (x + dx * 0.8 + 10, 5, 0.4))
            canvas.fill(lock, lighter(kind.hair, 0.4), opacity=0.4, clip=hair)


def _fringe(canvas: Canvas, kind: PersonKind) -> None:
    """Long hair parted above the forehead, falling beside the face."""
    for points in (
        (
            (106, 6),
            (84, 6),
            (68, 26),
            (66, 62),
            (60, 100),
            (62, 124),
            (74, 118),
            (78, 86),
            (75, 56),
            (82, 34),
            (96, 20),
        ),
        (
            (100, 5),
            (120, 8),
            (133, 28),
            (134, 62),
            (140, 100),
            (137, 124),
            (127, 118),
            (122, 86),
            (125, 56),
            (120, 34),
            (108, 18),
        ),
    ):
        half = blob(*points)
        canvas.fill(half, (lighter(kind.hair, 0.16), darker(kind.hair, 0.1)), volume=0.7, depth=5)
        strand = [(x * 0.9 + 10, y) for x, y in points[3:6]]
        canvas.fill(
            limb(*((x, y, r) for (x, y), r in zip(strand, (0.5, 1.6, 0.5), strict=True))),
            lighter(kind.hair, 0.5),
            opacity=0.3,
            clip=half,
        )


def courier(kind: PersonKind, rng: np.random.Generator) -> Image.Image:
    """Someone who walks to the left with a parcel."""
    canvas = Canvas(*SIZE)
    _stepping_leg(canvas, kind, ((112, 244, 29), (130, 340, 20), (164, 434, 15)), (168, 440), 38, far=True)
    far = limb((100, 118, 16), (84, 172, 13), (48, 198, 10))
    canvas.fill(far, darker(kind.top, 0.35), volume=0.5, depth=6)
    canvas.fill(limb((48, 200, 9), (30, 206, 8)), darker(kind.skin, 0.25), volume=0.5, depth=4)
    _stepping_leg(canvas, kind, ((106, 244, 31), (82, 344, 22), (54, 459, 16)), (48, 464), -8, far=False)
    torso = limb((112, 116, 33), (112, 170, 34), (109, 222, 32), (107, 268, 33), flat=True)
    canvas.fill(torso, (lighter(kind.top, 0.06), darker(kind.top, 0.18)), volume=0.6, depth=11)
    canvas.fill(box(60, 258, 160, 268), darker(kind.top, 0.5), opacity=0.7, clip=torso)
    canvas.fill(box(60, 176, 160, 190), ("#f2efe4", "#b9b7ae"), opacity=0.95, clip=torso)
    for y in rng.uniform(140, 250, 6):
        canvas.fill(
            limb((92, y, 0.5), (112, y + 6, 2.2), (134, y + 2, 0.5)), "#000000", opacity=0.2, blur=1.2, clip=torso
        )
    _parcel(canvas)
    canvas.fill(limb((116, 124, 19), (124, 186, 17), (74, 212, 13)), "#000000", opacity=0.35, blur=5, clip=torso)
    canvas.fill(
        limb((70, 204, 10), (52, 211, 9.5), (42, 213, 6)), (kind.skin, darker(kind.skin, 0.15)), volume=0.6, depth=4
    )
    arm = limb((114, 118, 20), (124, 156, 17.5), (120, 190, 16), (98, 202, 14), (74, 203, 11.5))
    canvas.fill(arm, (lighter(kind.top, 0.08), darker(kind.top, 0.16)), volume=0.65, depth=7)
    for x, y in ((118, 176), (106, 196), (122, 148)):
        canvas.fill(
            limb((x - 10, y - 6, 0.4), (x, y, 2), (x + 10, y - 3, 0.4)), "#000000", opacity=0.28, blur=0.9, clip=arm
        )
    _profile(canvas, kind)
    return canvas.reduced()


def _stepping_leg(
    canvas: Canvas,
    kind: PersonKind,
    joints: tuple[tuple[float, float, float], ...],
    heel: tuple[float, float],
    tilt: float,
    *,
    far: bool,
) -> None:
    """A trouser leg with a shoe, whose toe points left, turned up by `tilt` degrees at the heel."""
    shade = 0.35 if far else 0.0
    x, y = heel
    angle = np.radians(180 - tilt)
    toe = (x + 34 * np.cos(angle), y + 34 * np.sin(angle))
    shoe = limb((x + 8, y, 11), (x, y + 3, 10.5), (toe[0] + 8, toe[1] + 4, 7.5))
    canvas.fill(shoe, (darker(kind.shoes, shade), darker(kind.shoes, 0.4)), volume=0.8, depth=4)
    sole = stroke(4, (x + 14, y + 12), (x, y + 13), (toe[0], toe[1] + 11))
    canvas.fill(sole, darker("#d8d4c8", shade), clip=shoe)
    leg = limb(*joints, flat=True)
    canvas.fill(leg, (darker(kind.legs, shade), darker(kind.legs, shade + 0.12)), volume=0.6, depth=9)
    x, y, r = joints[1]
    fold = limb((x - r, y - 4, 0.5), (x, y, 2), (x + r * 0.6, y - 3, 0.5))
    canvas.fill(fold, "#000000", opacity=0.25, blur=1.2, clip=leg)


def _parcel(canvas: Canvas) -> None:
    """A cardboard box with tape and a label."""
    canvas.fill(box(12, 138, 84, 210, 2), ("#c99a62", "#a0743f"), volume=0.3, depth=4)
    canvas.fill(polygon((12, 138), (22, 129), (92, 129), (84, 138)), "#deb582")
    canvas.fill(polygon((84, 138), (92, 129), (92, 200), (84, 210)), "#85602f")
    canvas.fill(polygon((42, 138), (50, 129), (62, 129), (54, 138)), "#ece0c4")
    canvas.fill(box(42, 138, 54, 162), ("#e6d7b4", "#cfbd93"))
    canvas.fill(box(20, 176, 40, 194, 1), "#f4f1ea")
    for y, right in ((180, 36), (184, 33), (188, 37)):
        canvas.fill(box(23, y, right, y + 1.6), "#55585c", opacity=0.8)


def _profile(canvas: Canvas, kind: PersonKind) -> None:
    """Neck, a head in profile and a cap."""
    canvas.fill(limb((106, 66, 15), (110, 96, 16)), darker(kind.skin, 0.22), volume=0.4, depth=5)
    canvas.fill(
        limb((90, 96, 6), (112, 102, 7), (134, 90, 6)),
        (lighter(kind.top, 0.15), darker(kind.top, 0.2)),
        volume=0.6,
        depth=3,
    )
    head = blob(
        (80, 28), (78, 38), (76, 44), (69, 55), (76, 58), (75, 64), (77, 69), (78, 76), (88, 80), (102, 76), (116, 70),
        (128, 56), (130, 34), (116, 14), (94, 12),
    )  # fmt: skip
    canvas.fill(head, (lighter(kind.skin, 0.06), darker(kind.skin, 0.06)), volume=0.55, depth=7)
    hair = blob((112, 28), (104, 36), (104, 46), (112, 52), (112, 66), (122, 74), (132, 58), (133, 34), (124, 22))
    canvas.fill(hair, (lighter(kind.hair, 0.1), darker(kind.hair, 0.2)), volume=0.6, depth=4)
    canvas.fill(ellipse(107, 51, 5.5, 8.5, 10), darker(kind.skin, 0.06), volume=0.7, depth=2)
    canvas.fill(stroke(1.4, (106, 46), (109, 51), (106, 56)), darker(kind.skin, 0.45), opacity=0.6)
    canvas.fill(ellipse(84, 43.5, 3.6, 3.4), "#f7f3ee")
    canvas.fill(ellipse(83, 43.5, 2.4, 3.1), "#35271c")
    canvas.fill(stroke(1.8, (79, 42), (84, 39.5), (89.5, 42)), "#20150f")
    canvas.fill(limb((78, 36, 1.2), (85, 33.6, 1.7), (92, 36, 0.9)), darker(kind.hair, 0.25))
    canvas.fill(stroke(1.5, (76.5, 66), (82, 66.5), (87, 65)), "#6b2f2a", opacity=0.85)
    canvas.fill(ellipse(90, 60, 8, 5.5), "#c8503c", opacity=0.2, blur=3, clip=head)
    cap = blob((76, 30), (80, 14), (96, 3), (116, 5), (131, 18), (134, 34), (120, 32), (100, 29))
    canvas.fill(cap, (lighter(kind.top, 0.12), darker(kind.top, 0.15)), volume=0.7, depth=6)
    canvas.fill(
        limb((94, 29, 4), (74, 31, 3.5), (54, 36, 2)),
        (lighter(kind.top, 0.05), darker(kind.top, 0.3)),
        volume=0.7,
        depth=2,
    )
    canvas.fill(stroke(1.2, (104, 4), (102, 16), (104, 29)), darker(kind.top, 0.6), opacity=0.5, clip=cap)
