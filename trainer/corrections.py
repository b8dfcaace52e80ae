"""Where SDV distorts, what a fit does instead: by name, to be stated in the manifest and left out by `--without`."""

from collections.abc import Set

from agent.errors import ConfigError

FREQUENCIES = "true-frequencies"  # each class is drawn as often as it was recorded; PAR's in each hour
SAMPLED = "sampled-classes"  # a class is drawn by its probability, where SDV takes the most probable one
ORDER = "event-order"  # rows follow each other as their events did, in whatever order they were recorded
SEGMENTS = "equal-segments"  # many segments of one length, each with its hour, where SDV has one endless sequence
INDEX = "no-sequence-index"  # SDV, told of the events' times, learns each sequence sorted by the steps between them
PRESENCE = "no-missing-numbers"  # SDV draws whether a number is missing, and writes its mean, though none ever was
TOKENS = "no-early-end"  # SDV draws the end in a segment's midst, and goes on from a row such as it never learnt from
ECHOES = "no-echoes"  # SDV leaves an output of each category in the row it goes on from, where 0 was learnt
BY_HOUR = "recorded-hours"  # each hour's classes and numbers come as recorded in it, however little SDV learnt of hours
MARGINALS = "recorded-marginals"  # each number keeps its recorded distribution, and its order in time as SDV draws it

CORRECTIONS: dict[str, tuple[str, ...]] = {
    "gaussian-copula": (),
    "ctgan": (FREQUENCIES, BY_HOUR),
    "copula-gan": (FREQUENCIES, BY_HOUR),
    "tvae": (FREQUENCIES, SAMPLED, BY_HOUR),
    "par": (ORDER, SEGMENTS, INDEX, PRESENCE, TOKENS, ECHOES, FREQUENCIES, MARGINALS),
}
OF_TIMES = (ORDER, INDEX)  # made where a recording says when its events were
NAMES = tuple(dict.fromkeys(name for names in CORRECTIONS.values() for name in names))


def require_made(kind: str, without: Set[str]) -> None:
    """Raise ConfigError where a correction is to be left out that this kind does not make; `auto` may be any kind."""
    made = CORRECTIONS.get(kind, NAMES)
    for name in sorted(without - set(made)):
        what = f"no such thing; drop it, or leave out {' or '.join(made)}" if made else "nothing; drop the option"
        raise ConfigError(f"--without {name}: {kind} corrects {what}")
