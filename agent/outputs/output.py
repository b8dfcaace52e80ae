"""What an output is, and the messages it is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

Wake = Callable[[], None]
"""Makes the loop look at its outputs soon. May be called from any thread."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to publish.

    Attributes:
        properties: Told beside the payload where the output can (MQTT 5).
        content_type: The same; empty: not told.
        settle: Called when the message has arrived, or never will.
    """

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    properties: tuple[tuple[str, str], ...] = ()
    content_type: str = ""
    settle: Callable[[], None] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Connected:
    """Messages can be sent. Whatever was in flight before has to be sent again."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Nothing can be sent, and what was in flight may be lost."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The message of `token` arrived, or was refused for a reason that sending it again would not change."""

    token: int
    refusal: str | None = None


Event = Connected | Disconnected | Acknowledged


class Output(Protocol):
    """Carries messages away. It neither buffers nor retries: the outbox does.

    Call order: `open` once; then `poll`, `room` and `send`, in any order; `close` once; then `poll` until
    `closed`. All from one thread, and none of them waits. An output with threads of its own keeps them to
    itself: what happens there is told by `poll`, after a call of the `Wake` it was made with. A connection
    that fails or is lost is no error: it is told by events, and the output connects again by itself.
    """

    def open(self) -> None:
        """Begin to connect."""
        ...

    def poll(self) -> list[Event]:
        """What happened since the last call, in order."""
        ...

    @property
    def room(self) -> int:
        """How many messages may be sent now; 0 while disconnected."""
        ...

    def send(self, message: Message) -> int:
        """Send a message; only while there is room. The token returns in its `Acknowledged`.

        Raises:
            OutputError: This message can never be sent (too large, for one).
        """
        ...

    def close(self) -> None:
        """Begin to say goodbye and disconnect."""
        ...

    @property
    def closed(self) -> bool:
        """Whether the goodbye is over."""
        ...
