"""PAR's recurrent network: what it draws for each row depends on all the rows before, by way of a state.

Source: Zhang, Patki, Veeramachaneni, "Sequential Models in the Synthetic Data Vault" (2022), section 3. The
network is a GRU (Cho et al., 2014, section 2.3), with the reset gate where torch.nn.GRU has it.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from agent.models.bundle import Bundle

MOST_STATE, MOST_CODES = 512, 20_000
LARGEST = 1e6  # of the weights: nothing that is computed from them overflows
VANISHING = 110.0  # below the largest logit an exponential is 0, in single precision
GENTLE = 10.0  # logits up to here have exponentials that can be added up, those of all choices, in double precision

Singles = NDArray[np.float32]


class RecurrentNetwork:
    """A GRU, and what its state says of a row's numbers and choices.

    Arrays, with s the width of the state, and gates in the order reset, update, new:
    `start` and `body` (1 or 24, 3s), what the gates get for the first row and for each later one, in each hour
    of the day where rows differ by it; `input` (entries, 3s), what the row before adds: an entry each number,
    then one each code of each choice; `recurrent` (s, 3s) and `reset` (s), what the state adds, and the bias
    that the reset gate scales too; `output` (s + 1, 2 · numbers + codes), what the state and a 1 give: each
    number's mean, then their deviations before softplus, then the logits. `lean` (1 or 24, codes): what is added
    to the logits in each hour, of all choices; 0 where nothing is. `choices`: sizes of the categories
    in order, then of choices that are drawn and fed back but not written. `absent` (numbers): which choice tells,
    by code 1, that a number is not there, which is then 0; -1: none does. The columns' numbers, in order, then
    ones that are not written.
    """

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._absent, sizes = arrays["absent"], arrays["choices"]
        self.numbers, self.choices = len(self._absent), len(sizes)
        self._falters = bool(np.any(self._absent >= 0))
        self._firsts, self._lasts = np.cumsum(sizes) - sizes, np.cumsum(sizes) - 1
        self._choice_of = np.repeat(np.arange(len(sizes)), sizes)
        self._output = np.array(arrays["output"].T, np.float32, order="C")  # a copy: each hour writes its lean into it
        self._leaning = self._output[2 * self.numbers :, -1] + arrays["lean"]
        self._reach = np.abs(self._output[2 * self.numbers :, :-1]).sum(axis=1)  # by how much the state moves a logit
        self._steep = (np.abs(self._leaning) + self._reach > GENTLE).any(axis=1)
        self._gates, self._bases, self._first = _gates(arrays, self.numbers, self._lasts)

    @classmethod
    def load(cls, bundle: Bundle, written: int, categories: list[int], hours: int) -> Self:
        """The network of `bundle`, with so many written numbers, categories of these sizes, weights for 1 or 24 hours.

        Raises:
            BundleError: An array is missing, misshapen, not finite, or does not fit the others.
        """
        sizes, absent = bundle.array("choices", "<i4", (None,)), bundle.array("absent", "<i4", (None,))
        numbers, codes, state = len(absent), int(sizes.sum(dtype=np.int64)), len(bundle.array("reset", "<f4", (None,)))
        if sizes[: len(categories)].tolist() != categories or bool(np.any(sizes < 1)) or codes > MOST_CODES:
            raise bundle.error("choices.npy", f"must be those of the categories, then more; {MOST_CODES} codes in all")
        if not written <= numbers <= MOST_CODES or bool(np.any((absent < -1) | (absent >= len(sizes)))):
            raise bundle.error("absent.npy", f"must name choices, or be -1, for {written} numbers and more")
        if not 1 <= state <= MOST_STATE:
            raise bundle.error("reset.npy", f"must hold 1 to {MOST_STATE} numbers")
        shapes: dict[str, tuple[int, ...]] = {"start": (hours, 3 * state), "body": (hours, 3 * state)}
        shapes |= {"input": (numbers + codes, 3 * state), "recurrent": (state, 3 * state), "reset": (state,)}
        shapes |= {"output": (state + 1, 2 * numbers + codes), "lean": (hours, codes)}
        arrays = {name: bundle.array(name, "<f4", shape) for name, shape in shapes.items()}
        for name, array in arrays.items():
            if bool(np.any(np.abs(array) > LARGEST)):
                raise bundle.error(f"{name}.npy", f"holds a number beyond {LARGEST:g}")
        return cls({**arrays, "choices": sizes, "absent": absent})

    def never(self, choice: int, hour: int) -> NDArray[np.bool_]:
        """Which codes of a choice are not drawn in the hour, whatever the state, shape (codes,)."""
        codes = slice(self._firsts[choice], self._lasts[choice] + 1)
        leaning, reach = self._leaning[hour, codes], self._reach[codes]
        beyond: NDArray[np.bool_] = leaning + reach < np.max(leaning - reach) - VANISHING
        return beyond

    def run(self, noise: Singles, picks: Singles, hour: int) -> Singles:
        """Numbers, as deviations from their mean, then the codes of all choices: shape (rows, these, segments).

        Args:
            noise: Standard normals, shape (rows, numbers, segments).
            picks: Uniform from 0 to 1, shape (rows, choices, segments): each falls on a code.
            hour: Which of the hours, of all segments.
        """
        rows, numbers, segments = len(noise), self.numbers, noise.shape[2]
        entries, gates, leaning = numbers + len(self._choice_of), self._gates, self._output
        gates[:, -1], leaning[2 * numbers :, -1] = self._bases[hour], self._leaning[hour]
        drawn = np.empty((rows, numbers + self.choices, segments), np.float32)
        source = np.ones((gates.shape[1], segments), np.float32)  # the row before, the state, and a 1
        state = source[entries:-1]
        state[:], steep = self._first[hour][:, None], bool(self._steep[hour])
        for row in range(rows):
            output = leaning @ source[entries:]
            values, codes = drawn[row, :numbers], drawn[row, numbers:]
            if self.choices:
                self._choose(output[2 * numbers :], picks[row], source[numbers:entries], codes, steep)
            np.multiply(np.logaddexp(output[numbers : 2 * numbers], 0), noise[row], out=values)
            values += output[:numbers]
            if self._falters:
                values *= (self._absent[:, None] < 0) | (codes[self._absent] != 1)
            source[:numbers] = values
            _advance(state, gates @ source)
        return drawn

    def _choose(self, logits: Singles, picks: Singles, below: Singles, codes: Singles, steep: bool) -> None:
        """Choose a code of each choice. Into `below` goes for each of the choice's codes whether it is less."""
        if steep:
            logits = logits - np.maximum.reduceat(logits, self._firsts)[self._choice_of]
        cumulated = np.exp(logits).cumsum(axis=0, dtype=np.float64)
        ends = cumulated[self._lasts]
        begins = np.concatenate([np.zeros_like(ends[:1]), ends[:-1]])
        np.less_equal(cumulated, (begins + picks * (ends - begins))[self._choice_of], out=below)
        below[self._lasts] = 0  # the last code is never less, however the sums are rounded
        np.add.reduceat(below, self._firsts, out=codes)


def _advance(state: Singles, gates: Singles) -> None:
    """The next state, in place, of shape (s, …) as the gates' (4s, …); see `_gates`."""
    width = len(state)
    turns, kept = np.tanh(gates[: 2 * width]), gates[2 * width : 3 * width]
    new = np.tanh(gates[3 * width :] + kept + turns[:width] * kept)
    state -= new
    state *= turns[width:] * np.float32(0.5) + np.float32(0.5)
    state += new


def _gates(arrays: dict[str, NDArray[Any]], numbers: int, lasts: NDArray[np.intp]) -> tuple[Singles, Singles, Singles]:
    """What the row before, the state and a 1 give to the gates; what the 1 gives, and the first state, by the hour.

    The gates are reset, update, what the state adds to the new one, and what the row adds. All but the last
    are halved, as a sigmoid is a tanh: 2 · sigmoid(2x) = 1 + tanh(x). A choice is told by which of its codes
    are less than the chosen one, so each of these adds the difference to the next.
    """
    width = len(arrays["reset"])
    turns, new = slice(0, 2 * width), slice(2 * width, None)
    numeric, coded = np.split(arrays["input"].astype(np.float64), [numbers])
    zeros = coded[np.append(0, lasts + 1)[:-1]].sum(axis=0)  # what is added if every code is 0
    coded = np.diff(coded, axis=0, append=0)
    coded[lasts] = 0
    entries, recurrent = np.concatenate([numeric, coded]), arrays["recurrent"]

    def bases(told: NDArray[Any]) -> NDArray[Any]:
        kept = np.broadcast_to(arrays["reset"] / 2, (len(told), width))
        return np.concatenate([told[:, turns] / 2, kept, told[:, new]], axis=1)

    by_row = np.concatenate([entries[:, turns] / 2, np.zeros((len(entries), width)), entries[:, new]], axis=1)
    by_state = np.concatenate([recurrent / 2, np.zeros((width, width))], axis=1)
    by_one = bases(arrays["body"] + zeros)
    first = np.zeros((width, len(by_one)), np.float32)
    _advance(first, bases(arrays["start"]).T.astype(np.float32))
    gates = np.concatenate([by_row, by_state, by_one[:1]]).T
    return np.ascontiguousarray(gates, np.float32), by_one.astype(np.float32), first.T
