"""Every model kind that can be fitted. A new kind is a file of its own and one line here."""

from collections.abc import Callable

from trainer.models import copula
from trainer.models.fitted import Fitted, Task

FITS: dict[str, Callable[[Task], Fitted]] = {
    "gaussian-copula": copula.fit,
}
