"""Text patterns: the part of regular expressions that says what stands at each place."""

import re
import string

from agent.message.identifiers import LONGEST, Identifier, Run

_CLASSES = {
    "d": string.digits,
    "w": string.ascii_letters + string.digits + "_",
}
_TOKEN = re.compile(r"(\[(?:\\.|[^\]\\])+\]|\\.|[^\\\[\]{}()*+?|.^$])(?:\{(\d{1,4})\})?", re.DOTALL)
_SPAN = re.compile(r"\\?(.)-\\?(.)|\\?(.)", re.DOTALL)
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
    if token[0] == "\\":
        return _CLASSES.get(token[1], token[1])
    if token[0] != "[":
        return token
    found = ""
    inside = token[1:-1]
    if inside[0] == "^":
        raise ValueError(f"pattern = {pattern!r}: {token} says what does not stand there; say what does")
    for name, characters in _CLASSES.items():
        inside = inside.replace(f"\\{name}", characters)
    for first, last, one in _SPAN.findall(inside):
        if first and ord(first) > ord(last):
            raise ValueError(f"pattern = {pattern!r}: {first}-{last} runs backwards")
        found += one or "".join(map(chr, range(ord(first), min(ord(last), ord(first) + 200) + 1)))
    alphabet = "".join(dict.fromkeys(found))
    if len(alphabet) > 128 or not alphabet.isprintable():
        raise ValueError(f"pattern = {pattern!r}: {token} must be at most 128 printable characters")
    return alphabet
