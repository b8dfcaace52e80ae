"""What surrounds a sensor's messages on their way: the topic, the quality of service, what marks them as simulated."""

from dataclasses import dataclass

from agent.outputs.output import Message


@dataclass(frozen=True, slots=True)
class Envelope:
    """Makes messages of payloads. `run` tells one start of the agent from the next: `seq` begins anew with it."""

    topic: str
    qos: int
    run: str

    def message(self, payload: str, **properties: int) -> Message:
        """A message, with further properties (`seq`) beside those that every one has."""
        pairs = [(name, str(value)) for name, value in properties.items()]
        return Message(self.topic, payload.encode(), self.qos, False, (*marks(self.run), *pairs))


def marks(run: str) -> tuple[tuple[str, str], ...]:
    """Synthetic data never passes for real unnoticed."""
    return (("simulated", "true"), ("run", run))
