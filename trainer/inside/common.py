"""What SDV hides, in one place: whatever is not known here is named and refused.

Every private attribute of SDV and its sister packages that an export needs is reached in this package and
nowhere else. The facts are those of the versions below; any other is refused until its insides have been
looked at.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sdv.metadata import Metadata

from agent.errors import UnderstudyError
from agent.reading import Column

VERSIONS = {"sdv": "2.0.", "rdt": "2.0.", "copulas": "0.14.", "ctgan": "0.12.", "deepecho": "0.8."}

Floats = NDArray[np.float64]
Quantile = Callable[[Floats], Floats]


class ExportError(UnderstudyError):
    """SDV holds something that the export does not know."""


def check_versions(*further: str) -> None:
    """Raise ExportError unless SDV and its sisters are of the known versions."""
    for package in ("sdv", "rdt", "copulas", *further):
        prefix = VERSIONS[package]
        if not version(package).startswith(prefix):
            raise ExportError(f"{package} {version(package)} is not known to the export; install {package}=={prefix}*")


@contextmanager
def quietly() -> Iterator[None]:
    """Far out, scipy's quantiles have no digits left, of which it warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def metadata_of(columns: list[Column]) -> Metadata:
    """What SDV is told of a table: numbers and categories."""
    kinds = {c.name: {"sdtype": "categorical" if c.size else "numerical"} for c in columns}
    return Metadata.load_from_dict({"tables": {"table": {"columns": kinds}}})


def sample(synthesizer: Any, count: int) -> pd.DataFrame:
    """`count` rows as SDV draws them."""
    with quietly():
        rows: pd.DataFrame = synthesizer.sample(count)["table"]
    return rows
