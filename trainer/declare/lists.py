"""Declared lists: how many items of each group a message holds, and what stands in them."""

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from agent.message.leaves import Constant
from agent.message.tree import Items, Node, Object, Slot
from agent.models.tables import Table
from agent.reading import Column
from trainer.declare import distributions, spec
from trainer.declare.columns import NOTHING
from trainer.declare.fields import Fields, read_field
from trainer.declare.tables import weights_table
from trainer.declare.windows import HOURS_OF_WEEK, Hours, windows_of

MOST_ITEMS, MOST_COMPOSITIONS = 64, 2000
RARE = 1e-3  # more items than come less often than this are left out, unless `max` says otherwise

Shares = tuple[float, ...]
"""How often 0, 1, … items of a group come."""


@dataclass(frozen=True)
class Counts:
    """How many items of a group come: always, and at certain hours."""

    always: Shares
    windows: dict[Hours, Shares]

    @property
    def possible(self) -> list[int]:
        """The numbers of items that come at all."""
        every = (self.always, *self.windows.values())
        return sorted({number for shares in every for number, share in enumerate(shares) if share > 0})

    def at(self, hour: int) -> Shares:
        """How often each of the possible numbers comes in an hour of the week."""
        shares = next((shares for hours, shares in self.windows.items() if hour in hours), self.always)
        return tuple(shares[number] if number < len(shares) else 0.0 for number in self.possible)


class Lists:
    """Makes the nodes of lists.

    Args:
        fields: Makes those of their items' fields.
    """

    def __init__(self, fields: Fields) -> None:
        self._fields, self._problems = fields, fields.problems

    def node(self, field: spec.List, name: str, place: str) -> Node | None:
        """The node of a list; None where it cannot be."""
        counts = {group: self._counts(known, f"{place} groups.{group}") for group, known in field.groups.items()}
        made = {group: found for group, found in counts.items() if found is not None}
        if len(made) < len(counts):
            return None
        with self._problems.at(place):
            number = prod(len(found.possible) for found in made.values())
            if number > MOST_COMPOSITIONS:
                raise ValueError(
                    f"its groups come together in {number} ways, {MOST_COMPOSITIONS} at most; set max in the groups"
                )
            slots = self._slots(field, name, made, place)
            if slots is None:
                return None
            compositions = _compositions(made, ordered=field.sorted_by is None)
            node = Items(
                column=name,
                compositions=compositions,
                slots=slots,
                kind_key=field.kind_key,
                sorted_by=field.sorted_by,
            )
            self._draw(Column(name=name, size=len(compositions)), made)
            return self._fields.maybe(field, node, (name,), place)
        return None

    def _counts(self, group: spec.Group, place: str) -> Counts | None:
        found = windows_of(group.when, place, self._problems)
        always = self._shares(group.count, group.max, f"{place} count")
        windows = {
            hours: self._shares(group.when[window].count, group.max, f"{place} when.{window!r} count")
            for window, hours in found.items()
        }
        shares = {hours: known for hours, known in windows.items() if known is not None}
        if always is None or len(shares) < len(windows):
            return None
        return Counts(always, shares)

    def _shares(self, count: int | spec.Family, most: int | None, place: str) -> Shares | None:
        with self._problems.at(place):
            return _shares(count, most)
        return None

    def _slots(self, field: spec.List, name: str, counts: dict[str, Counts], place: str) -> dict[str, Node] | None:
        """The items of each group: what is declared of the first one is drawn by the same tables for every other."""
        slots: dict[str, Node] = {}
        for group, known in counts.items():
            at = f"{place} groups.{group} items"
            before = len(self._problems)
            declared = self._items(field, group, at)
            for number in range(1, known.possible[-1] + 1):
                slot = f"{group} {number}"
                members: dict[str, Node] = {} if field.kind_key is None else {field.kind_key: Constant(value=group)}
                for key, item in declared.items():
                    node = self._fields.node(item, (name, Slot(slot), key), f"{at}.{key}")
                    members[key] = node or Constant(value=None)
                slots[slot] = Object(members=members)
                if len(self._problems) > before:
                    return None
            if len(self._problems) > before:
                return None
        return slots

    def _items(self, field: spec.List, group: str, place: str) -> dict[str, spec.AnyField]:
        """The fields of a group's items: those of all items, and its own."""
        tables: dict[str, Any] = {**field.items, **field.groups[group].items}
        found = {}
        for key, table in tables.items():
            item = read_field(key, table, f"{place}.{key}", self._problems)
            if item is None:
                continue
            if key == field.kind_key:
                self._problems.append(f"{place}.{key}: is the kind_key, which holds the group's name; leave it out")
            elif any(getattr(item, name, None) for name in ("by", "cases", "when", "series", "regimes")):
                self._problems.append(
                    f"{place}.{key}: a field of an item is drawn by itself, without by, when or series"
                )
            elif isinstance(item, spec.Timestamp) and item.lag is None:
                self._problems.append(f"{place}.{key}: a time in an item follows the event's by a lag; give it one")
            else:
                found[key] = item
        if not tables and field.kind_key is None:
            self._problems.append(f"{place}: an item has no field; declare one, or set kind_key")
        return found

    def _draw(self, column: Column, counts: dict[str, Counts]) -> None:
        """The column of compositions, at each hour by its own weights."""
        tables: dict[tuple[Shares, ...], Table] = {}
        by_hour: dict[tuple[Shares, ...], set[int]] = {}
        for hour in range(HOURS_OF_WEEK):
            shares = tuple(known.at(hour) for known in counts.values())
            by_hour.setdefault(shares, set()).add(hour)
            if shares not in tables:
                tables[shares] = weights_table([prod(parts) for parts in product(*shares)])
        if len(tables) == 1:
            self._fields.columns.add(column, next(iter(tables.values())))
            return
        windows = {frozenset(hours): tables[shares] for shares, hours in by_hour.items()}
        self._fields.columns.add(column, NOTHING, windows)


def _compositions(counts: dict[str, Counts], *, ordered: bool) -> list[list[str]]:
    """Names of the slots of each combination of counts, as `_draw` weighs them."""
    numbers = product(*(known.possible for known in counts.values()))
    made = [
        [
            f"{group} {number}"
            for group, count in zip(counts, combination, strict=True)
            for number in range(1, count + 1)
        ]
        for combination in numbers
    ]
    return made if ordered else [sorted(slots) for slots in made]


def _shares(count: int | spec.Family, most: int | None) -> Shares:
    if isinstance(count, int):
        if not 0 <= count <= (MOST_ITEMS if most is None else most):
            raise ValueError(f"{count} items; must be 0 to {MOST_ITEMS if most is None else most}")
        return (*[0.0] * count, 1.0)
    found = distributions.problems(count)
    if found:
        raise ValueError("; ".join(found))
    distribution = distributions.of(count)
    if not distribution.whole:
        raise ValueError(f"{distribution} gives fractions; count items by a whole number or by one such as poisson")
    reached = np.array([float(distribution.frozen.cdf(number)) for number in range(-1, MOST_ITEMS + 1)])
    last = int((reached < 1 - RARE).sum()) - 1 if most is None else most
    if last > MOST_ITEMS:
        raise ValueError(f"{distribution} gives more than {MOST_ITEMS} items; set max")
    shares = np.diff(reached)[: last + 1]
    if not shares.sum() > 1e-9:
        raise ValueError(f"{distribution} never gives 0 to {last} items; set max")
    return tuple((shares / shares.sum()).tolist())
