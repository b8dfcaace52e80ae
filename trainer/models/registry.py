"""Every model kind that can be fitted. A new kind is a file of its own and one line here."""

from collections.abc import Callable
from functools import partial

from trainer.models import copula, neural, sequence
from trainer.models.fitted import Fitted, Task

NEURAL = ("ctgan", "copula-gan", "tvae")
WANTS = dict.fromkeys((*NEURAL, "par"), 500)
"""Rows under which a kind is advised against."""
TRIED = WANTS | {"par": 200}
"""Rows from which `auto` tries a kind: it holds it against the others, so fewer can do."""

FITS: dict[str, Callable[[Task], Fitted]] = {
    "gaussian-copula": copula.fit,
    "ctgan": partial(neural.fit, "ctgan"),
    "copula-gan": partial(neural.fit, "copula-gan"),
    "tvae": partial(neural.fit, "tvae"),
    "par": sequence.fit,
}
