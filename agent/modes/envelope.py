"""What surrounds a sensor's messages on their way: the topic, the quality of service, what marks them as simulated."""

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.outputs.output import Message

JSON, JSON_LINES = "application/json", "application/x-ndjson"


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Envelope:
    """Makes messages of payloads.

    Attributes:
        run: Tells apart what has a `seq` of its own: `seq` begins anew with it.
        synced: Whether the wall clock is right; what is dated while it is not says so.
    """

    topic: str
    qos: int
    run: str
    synced: Callable[[], bool] = field(default=_always, compare=False)

    def reading(self, seq: int, text: str) -> Message:
        """The message of one reading, as it is."""
        return self.message(text.encode(), seq=seq)

    def message(
        self,
        payload: bytes,
        content_type: str = JSON,
        settle: Callable[[], None] | None = None,
        **properties: int | str,
    ) -> Message:
        """A message, with further properties (`seq`) beside those that every one has."""
        pairs = [(name, str(value)) for name, value in properties.items()]
        if not self.synced():
            pairs.append(("clock_synced", "false"))
        return Message(self.topic, payload, self.qos, False, (*marks(self.run), *pairs), content_type, settle)


def marks(run: str) -> tuple[tuple[str, str], ...]:
    """Synthetic data never passes for real unnoticed."""
    return (("simulated", "true"), ("run", run))
