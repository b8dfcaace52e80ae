"""A bundle that can be played: what draws its rows, and what follows from rows before them."""

from dataclasses import dataclass

from agent.models.bundle import Bundle
from agent.models.registry import sampler_of
from agent.models.sampler import Sampler
from agent.models.series import Series, series_of


@dataclass(frozen=True)
class Model:
    """A bundle that was checked in full; any number of sensors may play it.

    Attributes:
        bundle: What was read.
        sampler: Draws its rows.
        series: Completes them with what follows in time.
    """

    bundle: Bundle
    sampler: Sampler
    series: Series


def model_of(bundle: Bundle) -> Model:
    """The model of a bundle.

    Raises:
        BundleError: Anything in it is not as it must be.
    """
    return Model(bundle, sampler_of(bundle), series_of(bundle))
