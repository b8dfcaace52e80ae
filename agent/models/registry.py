"""Every model kind that the agent can play. A new kind is a file of its own and one line here."""

from agent.models.bundle import Bundle
from agent.models.combinations import combined
from agent.models.copula import CopulaSampler
from agent.models.neural import NeuralSampler
from agent.models.sampler import Kind, Sampler
from agent.models.sequence import SequenceSampler

SAMPLERS: dict[str, type[Kind]] = {
    "gaussian-copula": CopulaSampler,
    "ctgan": NeuralSampler,
    "copula-gan": NeuralSampler,
    "tvae": NeuralSampler,
    "par": SequenceSampler,
    "declared": CopulaSampler,
}


def sampler_of(bundle: Bundle) -> Sampler:
    """The sampler for a bundle's kind.

    Raises:
        BundleError: The kind is unknown, or its arrays are not as they must be.
    """
    kind = SAMPLERS.get(bundle.manifest.kind)
    if kind is None:
        raise bundle.error("manifest.json", f"kind {bundle.manifest.kind!r} is unknown; known: {', '.join(SAMPLERS)}")
    return combined(kind.load(bundle), bundle)
