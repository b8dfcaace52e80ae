"""Where pictures are made: on a thread of their own, so that no message waits for one."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

from agent.errors import UnderstudyError
from agent.imaging.pictures import Counts, Picture
from agent.loop import Task
from agent.memory import give_back
from agent.rarely import Rarely
from agent.viewfinder import View, Viewfinder

log = logging.getLogger(__name__)

MOST_WAITING = 64
LOOK_S = 0.05
TIDY = 8  # pictures after which memory is given back

Make = Callable[[View], Picture | None]
Done = Callable[[Picture | None, View | None], None]


class Studio:
    """Makes pictures one after the other.

    Args:
        viewfinder: Where backgrounds come from.
        post: Has something done on the loop's thread.
        room: Whether what is made can be sent.
        rarely: When to log that one failed.
        most_waiting: Orders that wait; of more, the oldest get no picture.

    Attributes:
        viewfinder: As given.
        counts: What happened to pictures.
        dropped: Pictures that were not made: there was no room or no time, or making one failed.
    """

    def __init__(
        self,
        viewfinder: Viewfinder,
        post: Callable[[Task], None],
        room: Callable[[], bool],
        rarely: Rarely,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.viewfinder, self.counts, self.dropped = viewfinder, Counts(), 0
        self._post, self._room, self._rarely, self._most_waiting = post, room, rarely, most_waiting
        self._orders: SimpleQueue[tuple[Make, Done] | None] = SimpleQueue()
        self._closing = Event()
        self._ordered = self._over = 0
        Thread(target=self._work, name="studio", daemon=True).start()

    def order(self, make: Make, done: Done) -> None:
        """Have a picture made, and `done` called with it on the loop's thread; with None if there is none."""
        self._ordered += 1
        self._orders.put((make, done))

    @property
    def waiting(self) -> int:
        """Orders that are not done."""
        return self._ordered - self._over

    @property
    def has_room(self) -> bool:
        """Whether few enough orders wait that some more will not be left out."""
        return self.waiting < self._most_waiting // 2

    def health(self) -> dict[str, Any]:
        """What there is to count, and how the camera is."""
        counts = asdict(self.counts) | {"pictures_dropped": self.dropped}
        return counts | {"camera": self.viewfinder.trouble or "ok"}

    def close(self) -> None:
        """Make no more pictures: what was ordered and is not begun gets none. Lets go of the camera."""
        self._closing.set()
        self._orders.put(None)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            make, done = order
            picture, view = self._made(make) if self._has_room() else (None, None)
            self._post(partial(self._finish, done, picture, view))
            if picture is not None and picture.labelled.seq % TIDY == 0:
                give_back()
        self.viewfinder.close()

    def _finish(self, done: Done, picture: Picture | None, view: View | None) -> None:
        self._over += 1
        done(picture, view)

    def _has_room(self) -> bool:
        """Waits for it, unless too many others wait meanwhile."""
        while not self._closing.is_set() and self._orders.qsize() <= self._most_waiting:
            if self._room():
                return True
            self._closing.wait(LOOK_S)
        self.dropped += 1
        return False

    def _made(self, make: Make) -> tuple[Picture | None, View | None]:
        view = self.viewfinder.look()
        try:
            return make(view), view
        except Exception as error:
            self.dropped += 1
            if self._rarely.due():
                where = None if isinstance(error, UnderstudyError) else error
                log.error("a picture could not be made (%d so far): %s", self.dropped, error, exc_info=where)
            return None, view
