"""Filtered white noise: the moving averages and autoregressions, as weighted sums of the noise until now."""

import numpy as np
from numpy.typing import NDArray

from agent.series.blocks import Blocks
from agent.series.moments import Arrays, Floats, Moments
from agent.series.noise import normals, span

LONGEST = 65_536  # weights of a response
LEAST_BLOCK = 512  # readings


class Response:
    """The weights of the noise of this reading, of the one before it, and so on, ready to be applied.

    Args:
        weights: Shape (length,), finite.

    Attributes:
        block: Readings that are made together: a power of two, and no fewer than there are weights.
    """

    def __init__(self, weights: Floats) -> None:
        self.block = 1 << (max(LEAST_BLOCK, len(weights)) - 1).bit_length()
        self._spectrum: NDArray[np.complex128] = np.fft.rfft(weights, 2 * self.block)

    @classmethod
    def load(cls, arrays: Arrays, name: str) -> "Response":
        """The response in the array `name`.

        Raises:
            BundleError: It is missing, no row of float64, empty, too long or not finite.
        """
        weights = arrays.array(name, "<f8", (None,))
        if not 1 <= len(weights) <= LONGEST:
            raise arrays.error(name, f"has {len(weights)} weights, must have 1 to {LONGEST}")
        return cls(weights)

    def __call__(self, key: int) -> "FilteredNoise":
        return FilteredNoise(self, key)

    def filtered(self, noise: Floats) -> Floats:
        """The weighted sums at the last `block` of twice as many values of noise.

        The first half goes around the circle of the transform and is lost (overlap-save: Oppenheim and Schafer,
        "Discrete-Time Signal Processing", section 8.7).
        """
        sums: Floats = np.fft.irfft(np.fft.rfft(noise) * self._spectrum, 2 * self.block)
        return sums[self.block :].copy()


class FilteredNoise:
    """The sum over k of weight k times the standard normal of k readings ago; it has no beginning."""

    def __init__(self, response: Response, key: int) -> None:
        self._response, self._key = response, key
        self._blocks = Blocks(response.block, self._make)

    def values(self, at: Moments) -> Floats:
        return self._blocks.take(at.seq)

    def _make(self, number: int) -> Floats:
        size = self._response.block
        return self._response.filtered(normals(self._key, span((number - 1) * size, 2 * size)))
