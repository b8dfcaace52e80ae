"""Certificates and keys in PEM files: what is wrong with them, and until when they are valid."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.files import contents

if TYPE_CHECKING:  # imported where it is needed: an agent without TLS does without
    import ssl

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x17, 0x18, 0xA0
_OF_ANOTHER = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED")  # the last: RSA beside EC
_PROTECTED = (
    "is protected by a password, which nobody is there to type; write it without: openssl pkey -in KEY -out NEW-KEY"
)


class Validity(NamedTuple):
    """When a certificate begins and ends to be valid."""

    begins: datetime
    ends: datetime


def context_of(ca: Path | None, certificate: Path | None, key: Path | None) -> "ssl.SSLContext":
    """How to speak TLS as a client: whom to trust (None: the system's CAs), and as whom.

    Raises:
        OSError: A file cannot be read, or (ssl.SSLError) is not what it should be.
        ValueError: The key is protected by a password.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies the broker's certificate and name
    if ca is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(ca)
    if certificate is not None:
        context.load_cert_chain(certificate, key, _no_password)
    return context


def validity_in(path: Path) -> Validity:
    """When the first certificate in a PEM file is valid.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds no certificate.
    """
    found = _PEM.search(contents(path).decode("ascii", "replace"))
    if found is None:
        raise ValueError("holds no certificate; give a PEM file")
    try:
        return validity(base64.b64decode(found[1], validate=False))
    except binascii.Error:
        raise ValueError("holds a damaged certificate; give a PEM file") from None


def validity(der: bytes) -> Validity:
    """When a certificate is valid, as its own bytes tell (RFC 5280, 4.1).

    Raises:
        ValueError: The bytes are no certificate.
    """
    try:
        (_, certificate), *_ = _parts(der)
        (_, body), *_ = _parts(certificate)
        fields = [field for field in _parts(body) if field[0] != _VERSION]
        begins, ends = (_time(*part) for part in _parts(fields[3][1]))  # serial, algorithm, issuer, validity
    except (ValueError, IndexError):
        raise ValueError("holds a damaged certificate; give a PEM file") from None
    return Validity(begins, ends)


def key_problem(certificate: Path, key: Path) -> str | None:
    """Why a key is not that of a certificate; None: it is."""
    import ssl

    try:
        contents(key)  # OpenSSL would read a device without end
        context_of(None, certificate, key)
    except ssl.SSLError as error:
        if error.reason in _OF_ANOTHER:
            return "does not belong to cert_file; give the key that the certificate was made for"
        return "holds no private key; give a PEM file"
    except OSError as error:
        return f"cannot be read ({error.strerror}); give the certificate's key as a PEM file"
    except ValueError:
        return _PROTECTED
    return None


def fingerprint(*paths: Path | None) -> bytes:
    """Another one when a file holds something else."""
    whole = hashlib.sha256()
    for path in paths:
        held = b""
        with suppress(OSError):
            held = b"" if path is None else contents(path)
        whole.update(hashlib.sha256(held).digest())
    return whole.digest()


def _no_password() -> str:
    raise ValueError(_PROTECTED)


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The tag and the contents of each element of a DER sequence (X.690, 8.1)."""
    place = 0
    while place < len(data):
        tag, size, place = data[place], data[place + 1], place + 2
        if size >= 0x80:
            width = size & 0x7F
            size, place = int.from_bytes(data[place : place + width]), place + width
        if place + size > len(data):
            raise ValueError
        yield tag, data[place : place + size]
        place += size


def _time(tag: int, text: bytes) -> datetime:
    """RFC 5280, 4.1.2.5: two digits of a year are those of 1950 to 2049, as strptime has them only from 1969 on."""
    if tag not in (_UTC_TIME, _GENERALIZED_TIME):
        raise ValueError
    digits = text.decode("ascii")
    year = digits if tag == _GENERALIZED_TIME else ("19" if digits >= "50" else "20") + digits
    return datetime.strptime(year, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
