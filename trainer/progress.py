"""What is told while a fit takes long: a bar on a terminal, the candidates' scores, the losses."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from agent.errors import ConfigError
from agent.terminal import bar_width
from trainer.places import require_folder

if TYPE_CHECKING:
    import pandas as pd

    from trainer.auto import Score

STEPS = 5  # that `trainer.fit` tells, and one more to choose a model


class Progress:
    """Two bars on a terminal: the steps of a fit, and the epochs of a network with its losses and the time left."""

    def __init__(self, sensor: str, auto: bool) -> None:
        self._sensor, self._quiet = sensor, not sys.stderr.isatty()
        steps = STEPS + auto
        self._steps: Any = tqdm(
            total=steps, desc=sensor, ncols=bar_width(), disable=self._quiet, bar_format="{l_bar}{bar}| {elapsed}"
        )
        self._steps.set_description(f"{sensor}: loading SDV")
        self._epochs: Any = None
        self._head = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._end_epochs()
        self._steps.close()

    def step(self, what: str) -> None:
        """The next step begins."""
        self._end_epochs()
        self._steps.set_description(f"{self._sensor}: {what}")
        self._steps.update(1)

    def epoch(self, done: int, total: int, losses: str) -> None:
        """So many epochs are over."""
        if self._epochs is None:
            self._epochs = tqdm(total=total, unit="epoch", leave=False, ncols=bar_width(), disable=self._quiet)
        self._epochs.set_description(losses)
        self._epochs.update(done - self._epochs.n)
        if done == total:
            self._end_epochs()

    def scored(self, score: "Score") -> None:
        """A line of the table of candidates."""
        if not self._head:
            self._head = True
            tqdm.write(f"{'model':<16} {'quality':>8} {'detection':>10} {'autocorrelation':>16} {'mean':>7}")
        follows = "-" if score.autocorrelation is None else f"{score.autocorrelation:.4f}"
        line = f"{score.kind:<16} {score.quality:>8.4f} {score.detection:>10.4f} {follows:>16} {score.mean:>7.4f}"
        tqdm.write(line)

    def _end_epochs(self) -> None:
        if self._epochs is not None:
            self._epochs.close()
            self._epochs = None


def require_tensorboard(folder: Path) -> None:
    """Raise ConfigError if TensorBoard is missing or `folder` cannot be made: before an hour of training, not after."""
    require_folder("--tensorboard", folder)
    if find_spec("tensorboard") is None:
        raise ConfigError("--tensorboard: it is missing; install it with: pip install 'understudy[tensorboard]'")


def write_losses(losses: "pd.DataFrame", folder: Path) -> None:
    """Write the losses of each epoch as TensorBoard scalars.

    Raises:
        ConfigError: The folder cannot be written.
    """
    from torch.utils.tensorboard import SummaryWriter

    try:
        with SummaryWriter(str(folder)) as writer:
            for row in losses.to_dict("records"):
                for name, value in row.items():
                    if name != "Epoch":
                        writer.add_scalar(str(name), value, int(row["Epoch"]))
    except OSError as error:
        raise ConfigError(f"--tensorboard {folder}: cannot be written ({error.strerror})") from error
