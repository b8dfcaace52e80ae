"""Every model kind that can be fitted. A new kind is a file of its own and one line here."""

from collections.abc import Callable
from functools import partial

from trainer.models import copula, neural, sequence
from trainer.models.fitted import Fitted, Task

NEURAL = ("ctgan", "copula-gan", "tvae")
WANTS = dict.fromkeys(NEURAL, 500) | {"par": 200}
"""Rows that a kind needs to be of use."""

FITS: dict[str, Callable[[Task], Fitted]] = {
    "gaussian-copula": copula.fit,
    "ctgan": partial(neural.fit, "ctgan"),
    "copula-gan": partial(neural.fit, "copula-gan"),
    "tvae": partial(neural.fit, "tvae"),
    "par": sequence.fit,
}
