"""Every model kind that can be fitted. A new kind is a file of its own and one line here."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agent.reading import Column
from trainer.models import copula


class Fitted(Protocol):
    """A fitted model: SDV's own draw to hold the export against, and the export."""

    def sample(self, count: int) -> pd.DataFrame:
        """`count` rows as SDV draws them; codes as strings for categories."""
        ...

    def export(self) -> dict[str, NDArray[np.generic]]:
        """The arrays of a bundle of this kind."""
        ...


FITS: dict[str, Callable[[pd.DataFrame, list[Column], np.random.Generator], Fitted]] = {
    "gaussian-copula": copula.fit,
}
