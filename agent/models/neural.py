"""Neural kinds: noise through a few dense layers, whose outputs choose each column's value.

The generator of CTGAN and CopulaGAN, and the decoder of TVAE. Source: Xu, Skoularidou, Cuesta-Infante,
Veeramachaneni, "Modeling Tabular Data using Conditional GAN" (2019), sections 4.2, 4.4 and 4.5.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle
from agent.models.network import Network
from agent.models.sampler import ANYTHING, Given, redrawn, require_drawn
from agent.models.spans import Spans

CHUNK = 2048  # rows at a time, at most
CELLS = 2**22  # numbers of such rows
PART = 1024  # of them through the network at once
SEEN = 4  # of 2048 rows, an hour that can be played: the export has a hundredth and more of each
ASKED = 512  # rows, of which an hour that the condition asks for is one in twenty or more

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class NeuralSampler:
    """Draws rows of numbers and codes from a network.

    Arrays: `weight/N` and `bias/N`, the layers (see `Network`); `condition`, the probability of each entry
    of the one-hot vector that joins the noise, none where there is none; `kinds` (columns), the number of
    components of a number's mixture, or of a category's codes; `center`, `scale`, `noise`, `low`, `high` and
    the tables (`plan`, `offsets`, `steps`, `z`, `value`): see `Spans`. `argmax`: the largest logit chooses,
    of which `codes` tells the codes; else each by its probability. Where the bundle's rows differ by the hour
    of the day: `hours` (24), the code of the last column, which is not written, for each hour; `entry` (24),
    the condition's entry for it, -1 where there is none; `lean` (24, logits), what each hour adds to them.
    """

    consecutive = False

    def __init__(
        self, network: Network, spans: Spans, condition: Floats, hours: list[int], entries: Sequence[int] = ()
    ) -> None:
        """`hours`, `entries`: of each hour of the day; none where rows do not differ by it."""
        self._network, self._spans, self._hours, self._entries = network, spans, hours, entries
        self._cumulated = np.cumsum(condition)
        self._chunk = max(1, min(CHUNK, CELLS // max(1, spans.cells)))

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """A sampler of `bundle`.

        Raises:
            BundleError: An array is missing, misshapen, not finite, or does not fit the others.
        """
        hours = bundle.array("hours", "<i4", (bundle.manifest.hours,)).tolist() if bundle.manifest.hours else []
        entries = bundle.array("entry", "<i4", (bundle.manifest.hours,)).tolist() if bundle.manifest.hours else []
        spans = Spans.load(bundle)
        condition = bundle.array("condition", "<f8", (None,))
        if len(condition) and (bool(np.any(condition < 0)) or abs(float(condition.sum()) - 1) > 1e-6):
            raise bundle.error("condition.npy", "must be probabilities that sum to 1")
        if hours and not all(0 <= code < spans.sizes[-1] for code in hours):
            raise bundle.error("hours.npy", "names codes that the column of hours does not have")
        if not all(-1 <= entry < len(condition) for entry in entries):
            raise bundle.error("entry.npy", "names entries that the condition does not have")
        network = Network.load(bundle, len(condition), spans.outputs)
        sampler = cls(network, spans, condition, hours, entries)
        if not sampler._all_hours_come():
            raise bundle.error("hours.npy", f"names codes that hardly come in {CHUNK} rows: they could not be played")
        return sampler

    def draw(self, count: int, rng: np.random.Generator, given: Given = ANYTHING) -> Floats:
        """`count` rows, shape (count, columns); see `Sampler.draw`. Conditions are met by drawing anew."""
        columns = len(self._spans.sizes) - bool(self._hours)
        wanted, hour = given.values, given.hour if self._hours else None
        if hour is not None:
            for place, codes in wanted:
                if place not in self._spans.numbers:
                    require_drawn(self._spans.never(place, hour), place, codes)
            wanted = (*wanted, (columns, (float(self._hours[hour]),)))
        if not wanted:
            return self._rows(count, rng)[:, :columns]
        return redrawn(lambda size: self._rows(size, rng, hour), count, Given(None, wanted))[:, :columns]

    def _all_hours_come(self) -> bool:
        rng = np.random.default_rng(0)
        unasked = self._rows(CHUNK if self._hours else 0, rng)
        asked = {hour: self._rows(ASKED, rng, hour) for hour, entry in enumerate(self._entries) if entry >= 0}
        seen = [(asked.get(hour, unasked)[:, -1] == code).sum() for hour, code in enumerate(self._hours)]
        return all(count >= SEEN for count in seen)

    def decode(self, noise: Singles, condition: NDArray[np.intp], rng: np.random.Generator) -> Floats:
        """The rows of noise, shape (rows, noise), with the entry of the condition that is one, shape (rows,)."""
        return self._spans.values(self._network.outputs(noise, condition), rng).T

    def _rows(self, count: int, rng: np.random.Generator, hour: int | None = None) -> Floats:
        values = np.empty((len(self._spans.sizes), count))
        for start in range(0, count, self._chunk):
            stop = min(start + self._chunk, count)
            outputs = [self.outputs(min(PART, stop - first), rng, hour) for first in range(start, stop, PART)]
            values[:, start:stop] = self._spans.values(np.concatenate(outputs, axis=1), rng, hour)
        return values.T

    def outputs(self, count: int, rng: np.random.Generator, hour: int | None = None) -> Singles:
        """What the network says of noise for `count` rows, shape (outputs, rows)."""
        return self._network.outputs(self._network.drawn(count, rng), self._conditions(count, rng, hour))

    def _conditions(self, count: int, rng: np.random.Generator, hour: int | None) -> NDArray[np.intp]:
        if hour is not None and self._entries[hour] >= 0:
            return np.array([self._entries[hour]], np.intp)
        if not len(self._cumulated):
            return np.zeros(1, np.intp)
        entries = np.searchsorted(self._cumulated, rng.random(count), side="right")
        return np.minimum(entries, len(self._cumulated) - 1)
