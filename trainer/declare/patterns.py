"""Text patterns: the part of regular expressions that says what stands at each place."""

import re
import string

from agent.message.identifiers import LONGEST, Identifier, Run

_CLASSES = {
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "_",
}
_TOKEN = re.compile(r"(\[(?:\\.|[^\]\\])+\]|\\.|[^\\\[\]{}()*+?|.^$])(?:\{([0-9]{1,4})\})?", re.DOTALL)
_PART = re.compile(r"\\.|.", re.DOTALL)
_HELP = "it may hold characters, sets such as [A-F0-9], \\d, \\w, and {n} after any of them"


def text_of(pattern: str) -> Identifier:
    """A text of a pattern, made anew for every message.

    Raises:
        ValueError: The pattern says more than a text of one length.
    """
    runs, end = [], 0
    for token in _TOKEN.finditer(pattern):
        if token.start() != end:
            break
        end = token.end()
        runs.append((_alphabet(token[1], pattern), int(token[2] or 1)))
    if end != len(pattern) or not runs:
        raise ValueError(f"pattern = {pattern!r}: not understood at {pattern[end : end + 10]!r}; {_HELP}")
    if not all(count for _, count in runs) or sum(count for _, count in runs) > LONGEST:
        raise ValueError(f"pattern = {pattern!r}: must give 1 to {LONGEST} characters, and {{n}} be 1 or more")
    return Identifier(runs=[Run(alphabet=alphabet, count=count) for alphabet, count in runs])


def _alphabet(token: str, pattern: str) -> str:
    """The characters of a token: one, a class, or a set."""
    if token[0] == "\\":
        return _escaped(token[1], pattern)
    if token[0] != "[":
        return _printable(token, token, pattern)
    inside, found, place = _PART.findall(token[1:-1]), "", 0
    if inside[0] == "^":
        raise ValueError(f"pattern = {pattern!r}: {token} says what does not stand there; say what does")
    while place < len(inside):
        if place + 2 < len(inside) and inside[place + 1] == "-":
            found += _span(inside[place], inside[place + 2], pattern)
            place += 3
        else:
            found += _one(inside[place], pattern)
            place += 1
    return _printable("".join(dict.fromkeys(found)), token, pattern)


def _span(first: str, last: str, pattern: str) -> str:
    start, stop = _one(first, pattern), _one(last, pattern)
    if len(start) != 1 or len(stop) != 1 or start > stop:
        raise ValueError(f"pattern = {pattern!r}: {first}-{last} is no span from one character to a later one")
    return "".join(map(chr, range(ord(start), min(ord(stop), ord(start) + 200) + 1)))


def _one(part: str, pattern: str) -> str:
    return _escaped(part[1], pattern) if part[0] == "\\" else part


def _escaped(mark: str, pattern: str) -> str:
    """What stands for an escaped character: a class, or itself where it is no letter or digit."""
    if mark not in _CLASSES and mark.isalnum():
        raise ValueError(f"pattern = {pattern!r}: \\{mark} is not understood; {_HELP}")
    return _CLASSES.get(mark, mark)


def _printable(alphabet: str, token: str, pattern: str) -> str:
    if len(alphabet) > 128 or not alphabet.isprintable():
        raise ValueError(f"pattern = {pattern!r}: {token!r} must be at most 128 printable characters")
    return alphabet
