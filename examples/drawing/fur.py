"""What dogs and cats have in common: legs and fur."""

from collections.abc import Sequence

import numpy as np

from drawing.canvas import Canvas, darker, lighter
from drawing.shapes import Shape, ellipse, limb, stroke

Joint = tuple[float, float, float]


def leg(
    canvas: Canvas, coat: str, joints: Sequence[Joint], *, below: str = "", paw: str = "", far: bool = False
) -> Shape:
    """A leg that ends in a paw.

    Args:
        canvas: where to draw it.
        coat: its colour.
        joints: from the body to the paw.
        below: its colour further down, if another.
        paw: the paw's colour, if another.
        far: it is on the far side, in the shade.

    Returns:
        Its outline.
    """
    shade = 0.38 if far else 0.0
    shape = limb(*joints)
    canvas.fill(shape, (darker(coat, shade), darker(below or coat, shade + 0.06)), volume=0.5, depth=9)
    x, y, r = joints[-1]
    foot = limb((x + 3, y, r), (x - r * 0.9, y + r * 0.32, r * 0.72))
    toes = darker(paw or below or coat, shade)
    canvas.fill(foot, (toes, darker(toes, 0.18)), volume=0.6, depth=4)
    for dx in (0.55, 1.1):
        canvas.fill(
            stroke(1.6, (x - r * dx, y + r * 0.25), (x - r * (dx + 0.12), y + r)),
            darker(toes, 0.6),
            opacity=0.6,
            clip=foot,
        )
    return shape


def hair(
    canvas: Canvas, shape: Shape, coat: str, rng: np.random.Generator, *, count: int, lean: tuple[float, float]
) -> None:
    """Short hairs within a shape, some lighter, some darker, lying along `lean`."""
    corners = np.concatenate(shape)
    low, high = corners.min(axis=0), corners.max(axis=0)
    for x, y in rng.uniform(low, high, (count, 2)):
        (dx, dy), long = lean + rng.normal(0, 0.18, 2), rng.uniform(7, 16)
        paint = lighter(coat, 0.5) if rng.random() < 0.5 else darker(coat, 0.5)
        strand = limb((x, y, 1.1), (x + dx * long, y + dy * long, 0.3), steps=3)
        canvas.fill(strand, paint, opacity=0.15, clip=shape)


def eye(canvas: Canvas, x: float, y: float, size: float, iris: str) -> None:
    """A dark round eye with a glint."""
    canvas.fill(ellipse(x, y, size * 1.3, size * 1.2), "#120d0b", opacity=0.9)
    canvas.fill(ellipse(x, y, size, size), (darker(iris, 0.4), iris))
    canvas.fill(ellipse(x, y, size * 0.62), "#0a0807")
    canvas.fill(ellipse(x - size * 0.3, y - size * 0.4, size * 0.32), "#ffffff")
