"""Bicycles from the side, facing left."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from drawing.canvas import Canvas, darker, lighter
from drawing.shapes import arc, blob, box, ellipse, limb, ring, stroke

SIZE = (480, 324)
REAR, FRONT, RADIUS = (376.0, 222.0), (104.0, 222.0), 96.0
CRANK, SEAT, HEAD = (256.0, 232.0), (292.0, 92.0), (150.0, 92.0)


@dataclass(frozen=True)
class BicycleKind:
    """What makes one bicycle differ from another.

    Attributes:
        paint: of the frame.
        saddle: its colour, and the grips'.
        tyre: colour of the tyres.
        width: of the tyres.
        step: how far below the saddle's foot the upper tube ends; much for a frame one steps through.
        mudguards: whether it has them, with a rack and a lamp.
        basket: whether a basket hangs at the handlebar.
        dropped: whether the handlebar bends down, as for racing.
    """

    paint: str
    saddle: str
    tyre: str = "#1e1f23"
    width: float = 9.0
    step: float = 12.0
    mudguards: bool = False
    basket: bool = False
    dropped: bool = False


TOURER = BicycleKind("#1f7a6d", "#7a4a26", step=84, mudguards=True, basket=True)
RACER = BicycleKind("#d33a2c", "#222428", width=6.5, dropped=True)
MOUNTAIN = BicycleKind("#e3a21f", "#26282d", tyre="#26272b", width=13, step=34)


def bicycle(kind: BicycleKind, rng: np.random.Generator) -> Image.Image:
    """A bicycle."""
    canvas = Canvas(*SIZE)
    for x, y in (REAR, FRONT):
        _wheel(canvas, kind, x, y, float(rng.uniform(0, 20)))
    if kind.mudguards:
        _guards(canvas, kind)
    _drive(canvas, far=True, turn=float(rng.uniform(20, 50)))
    _frame(canvas, kind)
    _drive(canvas, far=False, turn=float(rng.uniform(20, 50)))
    _saddle(canvas, kind)
    _bars(canvas, kind)
    return canvas.reduced()


def _tube(canvas: Canvas, paint: str, width: float, *points: tuple[float, float]) -> None:
    """A metal tube, lighter along its upper side."""
    canvas.fill(stroke(width, *points), darker(paint, 0.12), volume=0.9, depth=width / 4)
    canvas.fill(
        stroke(width * 0.22, *((x - 0.6, y - width * 0.2) for x, y in points)), lighter(paint, 0.6), opacity=0.55
    )


def _wheel(canvas: Canvas, kind: BicycleKind, x: float, y: float, turn: float) -> None:
    """Tyre, rim, crossed spokes and hub."""
    rim = RADIUS - kind.width - 2
    for i in range(28):
        angle, lean = turn + i * 360 / 28, 60 if i % 2 else -60
        hub, end = arc(x, y, 7, angle + lean, 0)[0], arc(x, y, rim, angle, 0)[0]
        canvas.fill(stroke(1.5, hub, end, curved=False), ("#c9ced4", "#868d95"))
    canvas.fill(ring(x, y, rim - 1, 5), ("#e3e7ea", "#8b939b"))
    canvas.fill(ring(x, y, RADIUS - kind.width / 2, kind.width), kind.tyre, volume=0.9, depth=kind.width / 4)
    canvas.fill(ellipse(x, y, 8.5), ("#dde1e5", "#6b737b"), volume=0.6, depth=3)


def _guards(canvas: Canvas, kind: BicycleKind) -> None:
    """Mudguards, rack and lamps."""
    for (x, y), first, last in ((REAR, 185, 345), (FRONT, 205, 335)):
        canvas.fill(
            limb(*((*p, 3.2) for p in arc(x, y, RADIUS + 5, first, last)), steps=1), kind.paint, volume=0.8, depth=2
        )
    _tube(canvas, "#3c4046", 5, (300, 116), (352, 114), (436, 114))
    _tube(canvas, "#3c4046", 4, (426, 116), REAR)
    canvas.fill(box(436, 108, 445, 124, 3), ("#ef5a4c", "#9b1616"))
    canvas.fill(ellipse(124, 112, 12, 11), ("#e8ecef", "#757d85"), volume=0.6, depth=4)
    canvas.fill(ellipse(115, 112, 4, 10), "#fff6cf")


def _frame(canvas: Canvas, kind: BicycleKind) -> None:
    """Tubes of the frame, fork and stays."""
    paint, thick = kind.paint, 12.0 if kind.width > 10 else 9.5
    low = (154.0, 112.0)
    share = kind.step / (CRANK[1] - SEAT[1])
    joint = (SEAT[0] + (CRANK[0] - SEAT[0]) * share, SEAT[1] + (CRANK[1] - SEAT[1]) * share)
    _tube(canvas, paint, 6, REAR, CRANK)
    _tube(canvas, paint, 6, REAR, (SEAT[0] - 4, SEAT[1] + 18))
    fork = ((158.0, 126.0), (142.0, 166.0), (124.0, 200.0), FRONT)
    canvas.fill(
        limb(*((x, y, r) for (x, y), r in zip(fork, (5, 4.5, 4, 3), strict=True))),
        darker(paint, 0.1),
        volume=0.8,
        depth=3,
    )
    _tube(canvas, paint, thick, low, CRANK) if kind.step < 60 else _tube(canvas, paint, thick, low, (196, 190), CRANK)
    upper = (low[0] - 3, low[1] - 10)
    _tube(canvas, paint, thick - 1, upper, joint) if kind.step < 60 else _tube(
        canvas, paint, thick - 2, upper, (200, 158), joint
    )
    _tube(canvas, paint, thick, SEAT, CRANK)
    _tube(canvas, paint, thick + 2, (149, 92), (159, 126))


def _drive(canvas: Canvas, *, far: bool, turn: float) -> None:
    """One crank with its pedal; on the near side the chain and chainring as well."""
    x, y = CRANK
    if not far:
        canvas.fill(stroke(2.6, (x, y - 24), (REAR[0], REAR[1] - 11), curved=False), "#3e4147")
        canvas.fill(stroke(2.6, (x, y + 24), (REAR[0], REAR[1] + 11), curved=False), "#2a2c30")
        canvas.fill(ellipse(*REAR, 13), ("#8f969d", "#4c5258"))
        canvas.fill(ellipse(*REAR, 6), ("#dde1e5", "#6b737b"))
        canvas.fill(ring(x, y, 23, 6), ("#5c6168", "#25272b"))
        for i in range(5):
            canvas.fill(stroke(5, (x, y), arc(x, y, 22, turn + 72 * i, 0)[0], curved=False), "#7c838a")
    angle = turn + (0 if far else 180)
    end = arc(x, y, 46, angle, 0)[0]
    canvas.fill(limb((x, y, 5), (*end, 4)), ("#c8ced3", "#7f878e"), volume=0.6, depth=2)
    canvas.fill(box(end[0] - 17, end[1] - 5, end[0] + 17, end[1] + 5, 3), ("#3a3d42", "#131417"))
    canvas.fill(ellipse(x, y, 7), ("#e4e7ea", "#737b82"))


def _saddle(canvas: Canvas, kind: BicycleKind) -> None:
    """Seat post and saddle."""
    x, y = SEAT
    _tube(canvas, "#aab1b7", 7, (x - 1, y + 4), (x + 7, 48))
    lift = 8 if kind.mudguards else 0
    seat = blob(
        (x - 46, 38),
        (x - 20, 34),
        (x + 14, 33 - lift),
        (x + 48, 26 - lift),
        (x + 54, 36),
        (x + 44, 50 + lift),
        (x + 20, 48),
        (x - 10, 44),
        (x - 42, 45),
    )
    canvas.fill(seat, (lighter(kind.saddle, 0.15), darker(kind.saddle, 0.3)), volume=0.9, depth=4)
    if kind.mudguards:
        for dx in (26, 38):
            canvas.fill(ellipse(x + dx, 54, 5, 6), ("#9aa1a8", "#4a5056"))


def _bars(canvas: Canvas, kind: BicycleKind) -> None:
    """Stem, handlebar, brake and perhaps a basket."""
    x, y = HEAD
    if kind.dropped:
        _tube(canvas, "#9ba2a9", 7, (x, y + 2), (x - 8, 66), (x - 30, 62))
        canvas.fill(
            stroke(8, (x - 22, 62), (x - 48, 60), (x - 62, 74), (x - 52, 94), (x - 26, 98)),
            kind.saddle,
            volume=0.8,
            depth=2.5,
        )
        canvas.fill(limb((x - 54, 62, 5), (x - 64, 56, 5), (x - 66, 76, 3), (x - 58, 96, 2)), ("#6c7279", "#2a2c30"))
        return
    if kind.mudguards:
        _tube(canvas, "#b9c0c6", 6, (x, y), (x - 8, 40), (x - 2, 22), (x + 22, 20), (x + 46, 28))
        canvas.fill(limb((x + 22, 20, 5.5), (x + 50, 29, 5.5)), kind.saddle, volume=0.8, depth=3)
    else:
        _tube(canvas, "#3a3d42", 8, (x, y), (x - 7, 62), (x - 26, 52), (x - 8, 48))
        canvas.fill(limb((x - 18, 50, 6), (x + 14, 47, 6)), kind.saddle, volume=0.8, depth=3)
    canvas.fill(limb((x - 4, 44, 2.5), (x + 14, 54, 2), (x + 26, 52, 2)), "#2b2d31")
    canvas.fill(stroke(2, (x - 6, 48), (x - 26, 84), (x - 6, 150)), "#24262a")
    if kind.basket:
        _basket(canvas)


def _basket(canvas: Canvas) -> None:
    """A woven basket before the handlebar."""
    body = blob((60, 48), (96, 46), (136, 48), (130, 76), (124, 98), (96, 100), (72, 98), (66, 76))
    canvas.fill(body, ("#c79a5e", "#8a5f30"), volume=0.6, depth=8)
    for row, y in enumerate(np.arange(54, 98, 7.0)):
        for x in np.arange(60 + 6 * (row % 2), 136, 12.0):
            canvas.fill(box(x, y, x + 9, y + 4.5, 2), ("#e8c48c", "#a87b44"), opacity=0.75, clip=body)
    canvas.fill(stroke(7, (60, 48), (98, 46), (136, 48)), ("#d9ae72", "#8a5f30"), volume=0.6, depth=2)
