"""A library's own progress bar, made ours: it tells the epoch and the losses, and draws nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from trainer.inside.common import ExportError
from trainer.models.fitted import Report


class Epochs:
    """Iterates over epochs, and reports each when it is over."""

    def __init__(self, epochs: range, report: Report) -> None:
        self._epochs, self._report, self._text = epochs, report, ""

    def __iter__(self) -> Iterator[int]:
        for epoch in self._epochs:
            yield epoch
            self._report(epoch + 1, len(self._epochs), self._text)

    def set_description(self, text: str) -> None:
        """What the losses are."""
        self._text = text


@contextmanager
def told(module_name: str, report: Report) -> Iterator[None]:
    """While this lasts, `report` is told of the epochs that the module counts with tqdm."""
    module: Any = import_module(module_name)
    if not hasattr(module, "tqdm"):
        raise ExportError(f"{module_name}: no progress bar where one was")
    original = module.tqdm
    module.tqdm = lambda epochs, **_: Epochs(epochs, report)
    try:
        yield
    finally:
        module.tqdm = original
