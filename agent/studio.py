"""Where pictures are made: on a thread of their own, so that no message waits for one."""

import logging
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from agent.errors import UnderstudyError
from agent.imaging.levels import Levels
from agent.imaging.pictures import Counts, Picture
from agent.loop import Task
from agent.memory import give_back
from agent.rarely import Rarely
from agent.viewfinder import View, Viewfinder

log = logging.getLogger(__name__)

LOOK_S = 0.05
TIDY = 8  # pictures after which memory is given back

Make = Callable[[View], Picture | None]
Done = Callable[[Picture | None, View | None], None]


@dataclass(eq=False)
class Order:
    """A picture to be made.

    Attributes:
        make: Makes it, on the studio's thread.
        done: Called with it on the loop's thread, once; with None if there is none.
        patience_s: Seconds to wait for the camera at most.
    """

    make: Make
    done: Done
    patience_s: float


class Studio:
    """Makes pictures one after the other.

    Args:
        viewfinder: Where backgrounds come from.
        post: Has something done on the loop's thread.
        room: Whether what is made can be sent.
        rarely: When to log that there is no picture.
        most_waiting: Orders that wait; of more, the oldest get no picture.

    Attributes:
        viewfinder: As given.
        counts: What happened to pictures.
        levels: What all sensors' pictures are made of.
        dropped: Pictures that were not made: there was no room or no time, or making one failed.
    """

    def __init__(
        self,
        viewfinder: Viewfinder,
        post: Callable[[Task], None],
        room: Callable[[], bool],
        rarely: Rarely,
        most_waiting: int,
    ) -> None:
        self.viewfinder, self.counts, self.dropped = viewfinder, Counts(), 0
        self.levels = Levels()
        self._post, self._room, self._rarely, self._most_waiting = post, room, rarely, most_waiting
        self._waiting: dict[Order, None] = {}
        self._orders: SimpleQueue[Order | None] = SimpleQueue()
        self._closing = Event()
        Thread(target=self._work, name="studio", daemon=True).start()

    def order(self, make: Make, done: Done, patience_s: float = math.inf) -> None:
        """Have a picture made; see `Order`."""
        order = Order(make, done, patience_s)
        self._waiting[order] = None
        self._orders.put(order)

    @property
    def waiting(self) -> int:
        """Orders that are not done."""
        return len(self._waiting)

    def health(self) -> dict[str, Any]:
        """What there is to count, and how the camera is."""
        counts = asdict(self.counts) | {"pictures_waiting": self.waiting, "pictures_dropped": self.dropped}
        return counts | {"camera": self.viewfinder.trouble or "ok"}

    def close(self) -> None:
        """Make no more pictures: what was ordered gets none, at once. Lets go of the camera."""
        self._closing.set()
        self._orders.put(None)
        for order in list(self._waiting):
            self._finish(order, None, None)
            self.dropped += 1

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            picture, view = self._made(order) if self._has_room() else (None, None)
            self._post(partial(self._finish, order, picture, view))
            if picture is not None and picture.labelled.seq % TIDY == 0:
                give_back()
        self.viewfinder.close()

    def _finish(self, order: Order, picture: Picture | None, view: View | None) -> None:
        """On the loop's thread; what was given up meanwhile is not done twice."""
        if order in self._waiting:
            del self._waiting[order]
            order.done(picture, view)

    def _has_room(self) -> bool:
        """Waits for it, unless too many others wait meanwhile."""
        while not self._closing.is_set() and self._orders.qsize() <= self._most_waiting:
            if self._room():
                return True
            self._closing.wait(LOOK_S)
        if not self._closing.is_set():
            self._drop("there is no room or no time for it")
        return False

    def _made(self, order: Order) -> tuple[Picture | None, View | None]:
        try:
            view = self.viewfinder.look(order.patience_s)
            return None if self._closing.is_set() else order.make(view), view
        except Exception as error:
            self._drop(str(error), None if isinstance(error, UnderstudyError) else error)
            return None, None

    def _drop(self, reason: str, error: Exception | None = None) -> None:
        self.dropped += 1
        if self._rarely.due():
            log.error("a picture is left out (%d so far): %s", self.dropped, reason, exc_info=error)
