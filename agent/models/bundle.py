"""The bundle: one `.npz` of numeric arrays and a manifest. Reading it runs no code and trusts nothing."""

import hashlib
import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from agent.errors import BundleError
from agent.files import remedy, replacing
from agent.models.manifest import FORMAT, Manifest

MANIFEST = "manifest.json"
MAX_MEMBERS = 512
MAX_BYTES = 32 * 2**20
MAX_MANIFEST_BYTES = 8 * 2**20
LARGEST = 1e15
MAX_PROBLEM = 400  # characters of an error that may quote a hostile file

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold: bundles must not depend on when they are made

_ENTRY = b"PK\x01\x02"  # begins each member's entry in a zip's directory
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(<[fiu][248]|\|[iub]1)', 'fortran_order': False, "
    rb"'shape': \((|\d{1,9},|\d{1,9}(?:, \d{1,9}){1,3})\), \} *\n",
    re.DOTALL,
)

Array = NDArray[Any]


@dataclass(frozen=True)
class Bundle:
    """The exported model of one sensor.

    Attributes:
        manifest: What it is.
        arrays: The model's numbers, by name.
        source: Where it was read from, for messages.
        digest: SHA-256 of the file; empty for a bundle that was never written.
    """

    manifest: Manifest
    arrays: Mapping[str, Array]
    source: str = "bundle"
    digest: str = ""

    def array(self, name: str, dtype: str, shape: tuple[int | None, ...]) -> Array:
        """The array `name`, checked; None in `shape` stands for any length.

        Raises:
            BundleError: It is missing, of another kind or shape, or holds NaN, infinity or huge values.
        """
        array = self.arrays.get(name)
        if array is None:
            raise self.error(name, "missing")
        if array.dtype != np.dtype(dtype):
            raise self.error(name, f"is {array.dtype}, must be {dtype}")
        if array.ndim != len(shape) or any(
            want not in (None, have) for want, have in zip(shape, array.shape, strict=True)
        ):
            raise self.error(name, f"has shape {array.shape}, must be {shape}")
        if array.dtype.kind == "f" and not float(np.max(np.abs(array), initial=0.0)) <= LARGEST:  # nor NaN
            raise self.error(name, "holds NaN, infinity or a number beyond 1e15")
        return array

    def error(self, member: str, problem: str) -> BundleError:
        """An error that names this bundle, the member and what to do."""
        return _error(self.source, member, problem)

    def to_bytes(self) -> bytes:
        """The file: the same bytes for the same bundle, whenever and wherever it is made."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.writestr(_member(MANIFEST), self.manifest.model_dump_json(exclude_defaults=False), compresslevel=9)
            for name in sorted(self.arrays):
                member = io.BytesIO()
                np.lib.format.write_array(member, np.asarray(self.arrays[name], order="C"), (1, 0), allow_pickle=False)
                archive.writestr(_member(f"{name}.npy"), member.getvalue(), compresslevel=9)
        return buffer.getvalue()


def write(bundle: Bundle, path: Path) -> None:
    """Write `bundle` to `path` as a whole or not at all.

    Raises:
        BundleError: The folder is not there or cannot be written.
    """
    try:
        with replacing(path) as file:
            file.write(bundle.to_bytes())
    except OSError as error:
        raise BundleError(f"{path}: cannot be written ({error.strerror}); {remedy(error)}") from error


def read(path: Path) -> Bundle:
    """Read and validate a bundle.

    Raises:
        BundleError: It cannot be read, or anything in it is not as it must be.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise BundleError(f"{path}: cannot be read ({reason}); give the path of a bundle") from error
    return from_bytes(data, str(path))


def from_bytes(data: bytes, source: str = "bundle") -> Bundle:
    """As `read`, from memory."""
    if len(data) > MAX_BYTES:
        raise _error(source, "file", f"is larger than {MAX_BYTES} bytes")
    if data.count(_ENTRY) > MAX_MEMBERS:
        raise _error(source, "file", f"has more than {MAX_MEMBERS} members")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _checked_members(archive, source)
            contents = {info.filename: _content(archive, info, source) for info in members}
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        EOFError,
        ValueError,
        RuntimeError,
        OverflowError,
        struct.error,
    ) as error:
        if isinstance(error, BundleError):
            raise
        raise _error(source, "file", f"is damaged or no bundle ({error})") from error
    manifest = _manifest(contents.pop(MANIFEST, None), source)
    arrays = {name.removesuffix(".npy"): _array(content, name, source) for name, content in contents.items()}
    return Bundle(manifest, arrays, source, hashlib.sha256(data).hexdigest())


def _checked_members(archive: zipfile.ZipFile, source: str) -> list[zipfile.ZipInfo]:
    """The members, after checking all that they declare and before reading any."""
    members = archive.infolist()
    names = [info.filename for info in members]
    for info in members:
        name = info.filename
        parts = name.split("/")
        if names.count(name) > 1 or "\\" in name or any(part in ("", ".", "..") for part in parts):
            raise _error(source, name, "is no name for a member (absolute, doubled or out of the bundle)")
        if name != MANIFEST and not name.endswith(".npy"):
            raise _error(source, name, "does not belong in a bundle")
        if info.flag_bits & 1:
            raise _error(source, name, "is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _error(source, name, "is packed by another method than deflate")
    if sum(info.file_size for info in members) > MAX_BYTES:
        raise _error(source, "file", f"would unpack to more than {MAX_BYTES} bytes")
    return members


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: str) -> bytes:
    declared = info.file_size
    info.file_size += 1  # zipfile reads no further than this: one byte more tells a member that is longer than it says
    try:
        with archive.open(info) as member:
            content = member.read(declared + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise _error(source, info.filename, f"is damaged or longer than it declares ({error})") from error
    if len(content) != declared:
        raise _error(source, info.filename, f"is {len(content)} bytes long, declares {declared}")
    return content


def _manifest(content: bytes | None, source: str) -> Manifest:
    if content is None or len(content) > MAX_MANIFEST_BYTES:
        raise _error(source, MANIFEST, "is missing" if content is None else "is too large")
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _error(source, MANIFEST, f"{where}: {first['msg']} (this agent reads {FORMAT})") from error
    except RecursionError as error:
        raise _error(source, MANIFEST, "is nested too deeply") from error


def _array(content: bytes, name: str, source: str) -> Array:
    """A numeric array whose header is as numpy writes it and whose data is as long as that says.

    numpy's own reader of headers evaluates Python literals, and warns about some; this one does neither.
    """
    header = _HEADER.match(content)
    if header is None or header.end() != 10 + int.from_bytes(content[8:10], "little"):
        raise _error(source, name, "is no array of plain little-endian numbers in C order (array format 1.0)")
    dtype, shape = np.dtype(header[1].decode()), tuple(int(length) for length in header[2].split(b",") if length)
    rest = content[header.end() :]
    if math.prod(shape) * dtype.itemsize != len(rest):
        raise _error(source, name, f"declares shape {shape}, but holds {len(rest)} bytes")
    try:
        return np.frombuffer(rest, dtype).reshape(shape)
    except ValueError as error:  # no data, and lengths whose product is beyond what numpy counts
        raise _error(source, name, f"declares shape {shape}") from error


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system, info.external_attr = 3, 0o644 << 16
    return info


def _error(source: str, member: str, problem: str) -> BundleError:
    problem = "".join(mark if mark.isprintable() else " " for mark in f"{member}: {problem}")[:MAX_PROBLEM]
    return BundleError(f"{source}: {problem}; export the bundle again with understudy-trainer fit or declare")
