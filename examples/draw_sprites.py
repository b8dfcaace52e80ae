"""Draws the examples' stock pictures, the same each time: `python examples/draw_sprites.py [--out examples]`.

Writes `sprites/<class>/<n>.png`, cut out with transparency, and the backgrounds `porch.jpg` and `street.jpg`.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from drawing.bicycles import MOUNTAIN, RACER, TOURER, bicycle
from drawing.canvas import cropped, jpeg, png
from drawing.cats import BLACK, GINGER, TABBY, cat
from drawing.dogs import BEAGLE, RETRIEVER, SHEPHERD, dog
from drawing.lorries import closed_box, curtain, lorry, tipper
from drawing.people import COURIER, NEIGHBOUR, VISITOR, courier, person
from drawing.porch import porch
from drawing.street import street
from drawing.vehicles import ESTATE, HATCHBACK, SALOON, car
from PIL import Image

SEED = 20260302
Draw = Callable[[np.random.Generator], Image.Image]

SPRITES: Mapping[str, Sequence[Draw]] = {
    "person": (lambda rng: person(NEIGHBOUR, rng), lambda rng: person(VISITOR, rng), lambda rng: courier(COURIER, rng)),
    "dog": (lambda rng: dog(RETRIEVER, rng), lambda rng: dog(SHEPHERD, rng), lambda rng: dog(BEAGLE, rng)),
    "cat": (lambda rng: cat(GINGER, rng), lambda rng: cat(TABBY, rng), lambda rng: cat(BLACK, rng)),
    "bicycle": (lambda rng: bicycle(TOURER, rng), lambda rng: bicycle(RACER, rng), lambda rng: bicycle(MOUNTAIN, rng)),
    "car": (lambda rng: car(HATCHBACK, rng), lambda rng: car(SALOON, rng), lambda rng: car(ESTATE, rng)),
    "truck": (
        lambda rng: lorry("#2b62a8", closed_box, rng),
        lambda rng: lorry("#b3262b", curtain, rng),
        lambda rng: lorry("#e2781e", tipper, rng),
    ),
}
BACKGROUNDS: Mapping[str, Draw] = {"porch": porch, "street": street}


def pictures(rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all pictures; each draws from a generator of its own, so that one can change alone."""
    sprites = [(f"sprites/{kind}/{n}.png", draw) for kind, draws in SPRITES.items() for n, draw in enumerate(draws, 1)]
    backgrounds = [(f"{name}.jpg", draw) for name, draw in BACKGROUNDS.items()]
    for (name, draw), own in zip(sprites, rng.spawn(len(sprites)), strict=True):
        yield name, png(cropped(draw(own)))
    for (name, draw), own in zip(backgrounds, rng.spawn(len(backgrounds)), strict=True):
        yield name, jpeg(draw(own))


def main() -> None:
    """Draws and writes everything."""
    parser = argparse.ArgumentParser(description="Draws the stock sprites and backgrounds of the examples.")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder to write to (default: examples)"
    )
    out: Path = parser.parse_args().out
    for name, content in pictures(np.random.default_rng(SEED)):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
        print(f"{len(content):>8,} bytes  {out / name}")


if __name__ == "__main__":
    main()
