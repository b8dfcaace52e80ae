"""Find identifiers and personal data, and put made-up ones in their place before anything is learnt."""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from faker import Faker

from agent.message.identifiers import Identifier, Run, uuid_runs
from trainer.learn.numbers import NUMERIC

PERSONAL_VALUES = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}"),
    "mac": re.compile(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"),
    "ip": re.compile(r"(\d{1,3}\.){3}\d{1,3}"),
    "iban": re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}"),
    "phone": re.compile(r"\+\d[\d\s()/-]{7,}"),
}
PERSONAL_NAMES = {
    "email": {"email", "mail"},
    "phone": {"phone", "mobile", "tel", "telephone"},
    "name": {"firstname", "lastname", "surname", "fullname", "username", "owner", "customer", "person_name"},
    "address": {"address", "street"},
    "plate": {"plate", "licenseplate", "license_plate", "numberplate"},
}
ID_WORDS = {
    "id",
    "ids",
    "uuid",
    "guid",
    "serial",
    "imei",
    "imsi",
    "token",
    "session",
    "correlation",
    "ssn",
    "vin",
    "user",
}
UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
LONG_HEX = re.compile(r"(?=.*\d)[0-9a-fA-F]{16,}")
FAKES = {
    "email": "email",
    "mac": "mac_address",
    "ip": "ipv4",
    "iban": "iban",
    "phone": "phone_number",
    "name": "name",
    "address": "street_address",
    "plate": "license_plate",
}
MOST_DIGITS = 18  # of a number: more may not fit into 64 bits
POOL = 1000  # made-up people are enough: more recorded ones than this share them

_ALPHABETS = ["0123456789", "0123456789abcdef", "0123456789ABCDEF", "abcdefghijklmnopqrstuvwxyz"]
_ALPHABETS += ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]
_SAFE_SPACE = 10**12  # as many strings or more: none is ever met twice


def personal_kind(name: str, values: Sequence[Any]) -> str | None:
    """What personal data a field of strings holds, by its values or its name; None: none."""
    if not all(isinstance(value, str) for value in values):
        return None
    by_value = (kind for kind, shape in PERSONAL_VALUES.items() if all(shape.fullmatch(v) for v in values))
    key = name.lower().replace("-", "_")
    by_name = (kind for kind, names in PERSONAL_NAMES.items() if key in names or key.replace("_", "") in names)
    return next(by_value, None) or next(by_name, None)


def is_identifier(name: str, values: Sequence[Any]) -> bool:
    """Whether a field of strings or whole numbers identifies something."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    named = any(word.lower() in ID_WORDS for word in words)
    if all(isinstance(value, str) for value in values):
        shaped = all(UUID.fullmatch(v) or LONG_HEX.fullmatch(v) for v in values)
        text = not all(NUMERIC.fullmatch(v) for v in values)
        return named or shaped or (text and len(values) >= 20 and len(set(values)) > len(values) / 2)
    return named and all(isinstance(value, int) and not isinstance(value, bool) for value in values)


def shape_of(values: Sequence[str | int]) -> Identifier:
    """An identifier node that makes strings of the shape of `values`, and never one of them."""
    quoted = isinstance(values[0], str)
    texts = sorted({str(value) for value in values})
    if all(UUID.fullmatch(text) for text in texts):
        hexa = _ALPHABETS[2 if texts[0].upper() == texts[0] else 1]
        return Identifier(runs=uuid_runs(hexa), quoted=quoted)
    width = max(map(len, texts))
    alphabets = [_alphabet({text[i] for text in texts if i < len(text)}) for i in range(width)]
    if not quoted:
        alphabets = ["123456789"] + ["0123456789"] * (width - 1)
    space = math.prod(len(alphabet) for alphabet in alphabets)
    if space < _SAFE_SPACE or len({len(text) for text in texts}) > 1:
        # Too few strings of this shape: longer ones than any recorded cannot be one of them.
        longer = next((a for a in reversed(alphabets) if len(a) > 1), "0123456789")
        alphabets += [longer if quoted else "0123456789"] * max(1, math.ceil(12 - math.log10(space)))
    if not quoted:
        alphabets = alphabets[:MOST_DIGITS]
    first, *rest = alphabets  # the first stands alone: in a number it is no 0
    runs = [Run(alphabet=first, count=1)]
    runs += [Run(alphabet=alphabet, count=len(list(same))) for alphabet, same in groupby(rest)]
    return Identifier(runs=runs, quoted=quoted)


def replacements(values: Sequence[Any], personal: str | None, rng: np.random.Generator) -> dict[Any, Any]:
    """A made-up value for every distinct one of `values`."""
    distinct = sorted(set(values), key=str)
    if not distinct:
        return {}
    if personal is None:
        key = int(rng.integers(2**64, dtype=np.uint64))
        pool = shape_of(distinct).fresh(range(len(distinct)), key)
    else:
        pool = list(_people(personal, min(len(distinct), POOL), {str(value) for value in distinct}, rng))
    return {
        value: pool[i % len(pool)] if isinstance(value, str) else int(pool[i % len(pool)])
        for i, value in enumerate(distinct)
    }


def _people(kind: str, count: int, recorded: set[str], rng: np.random.Generator) -> Iterator[str]:
    faker = Faker()
    faker.seed_instance(int(rng.integers(2**31)))
    make = getattr(faker, FAKES[kind])
    made: set[str] = set()
    for _ in range(100 * count):
        if len(made) == count:
            return
        value = str(make())
        if value not in recorded and value not in made:
            made.add(value)
            yield value


def _alphabet(characters: set[str]) -> str:
    """The characters that may stand at a place: that one alone, or the smallest known alphabet that holds all."""
    if len(characters) == 1 and not next(iter(characters)).isalnum():
        return characters.pop()
    return next(
        (a for a in _ALPHABETS if characters <= set(a)), "".join(sorted(characters | set(_ALPHABETS[-1])))[:128]
    )
