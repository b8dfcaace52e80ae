"""Outlines: a shape is a list of polygons, and covers what any of them covers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Polygon = NDArray[np.float64]
Shape = list[Polygon]


def polygon(*points: Sequence[float]) -> Shape:
    """The straight-edged shape through `points`."""
    return [np.array(points, float)]


def spline(points: ArrayLike, steps: int = 12, *, closed: bool = False) -> Polygon:
    """A Catmull-Rom curve through `points`, with `steps` stops between each two."""
    at = np.asarray(points, float)
    ends = (at[-1:], at[:2]) if closed else (2 * at[:1] - at[1:2], 2 * at[-1:] - at[-2:-1])
    padded = np.concatenate([ends[0], at, ends[1]])
    a, b, c, d = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    flat = curve.reshape(-1, at.shape[1])
    return flat if closed else np.concatenate([flat, at[-1:]])


def blob(*points: Sequence[float]) -> Shape:
    """The smooth shape through `points`."""
    return [spline(points, closed=True)]


def ellipse(x: float, y: float, rx: float, ry: float | None = None, turn: float = 0.0) -> Shape:
    """An ellipse about (x, y), turned clockwise by `turn` degrees; a circle without `ry`."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    round_ = np.stack([np.cos(angle) * rx, np.sin(angle) * (rx if ry is None else ry)], axis=1)
    return [turned(round_, turn) + np.array([x, y])]


def arc(x: float, y: float, radius: float, first: float, last: float) -> Polygon:
    """Points on a circle from `first` to `last` degrees, clockwise from the right."""
    angle = np.radians(np.linspace(first, last, 40))
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Shape:
    """A rectangle with rounded corners."""
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    if r <= 0:
        return polygon((left, top), (right, top), (right, bottom), (left, bottom))
    corners = [
        (right - r, top + r, -90),
        (right - r, bottom - r, 0),
        (left + r, bottom - r, 90),
        (left + r, top + r, 180),
    ]
    return [np.concatenate([arc(x, y, r, first, first + 90) for x, y, first in corners])]


def ring(x: float, y: float, radius: float, width: float) -> Shape:
    """A circle's line of the given width, with its middle at `radius`."""
    return limb(*((*p, width / 2) for p in arc(x, y, radius, 0, 360)), steps=1)


def limb(*points: Sequence[float], steps: int = 10, flat: bool = False) -> Shape:
    """A tube along a smooth curve; each point is (x, y, half its width there); its last end is round or `flat`."""
    spine = spline(points, steps)
    at, radius = spine[:, :2], np.maximum(spine[:, 2:], 0.05)
    along = np.diff(at, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1])[:, None], 1e-9)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) / length
    sides = zip(at[:-1], at[1:], radius[:-1], radius[1:], across, strict=True)
    pieces = [np.array([p + n * r, q + n * s, q - n * s, p - n * r]) for p, q, r, s, n in sides]
    round_ = np.hypot(*(at - at[-1]).T) > (radius[:, 0] if flat else -1)
    return pieces + [ellipse(x, y, float(r))[0] for (x, y), r in zip(at[round_], radius[round_, 0], strict=True)]


def stroke(width: float, *points: Sequence[float], curved: bool = True) -> Shape:
    """A line of even width through `points`."""
    return limb(*((x, y, width / 2) for x, y in points), steps=10 if curved else 1)


def turned(points: Polygon, degrees: float, about: tuple[float, float] = (0.0, 0.0)) -> Polygon:
    """`points` turned clockwise about a point."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray((points - about) @ turn + about)


def mirrored(shape: Shape, x: float) -> Shape:
    """The shape mirrored at the vertical line through `x`."""
    return [part * (-1, 1) + (2 * x, 0) for part in shape]
