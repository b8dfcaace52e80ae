"""The bundle: one `.npz` of numeric arrays and a manifest. Reading it runs no code and trusts nothing."""

import hashlib
import io
import os
import struct
import tempfile
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
from agent.models.manifest import FORMAT, Manifest

MANIFEST = "manifest.json"
MAX_MEMBERS = 256
MAX_BYTES = 32 * 2**20
MAX_MANIFEST_BYTES = 8 * 2**20

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold: bundles must not depend on when they are made

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
        if array.dtype.kind == "f" and not bool(np.all(np.abs(array) <= 1e15)):
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
                np.lib.format.write_array(member, np.ascontiguousarray(self.arrays[name]), (1, 0), allow_pickle=False)
                archive.writestr(_member(f"{name}.npy"), member.getvalue(), compresslevel=9)
        return buffer.getvalue()


def write(bundle: Bundle, path: Path) -> None:
    """Write `bundle` to `path` as a whole or not at all.

    Raises:
        BundleError: The folder is not there or cannot be written.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                file.write(bundle.to_bytes())
                file.flush()
                os.fsync(file.fileno())
                os.chmod(file.name, 0o644)
                os.replace(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as error:
        raise BundleError(
            f"{path}: cannot be written ({error.strerror}); choose a folder that you may write"
        ) from error


def read(path: Path) -> Bundle:
    """Read and validate a bundle.

    Raises:
        BundleError: It cannot be read, or anything in it is not as it must be.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _error(str(path), "file", f"is larger than {MAX_BYTES} bytes")
        return from_bytes(path.read_bytes(), str(path))
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}); give the path of a bundle") from error


def from_bytes(data: bytes, source: str = "bundle") -> Bundle:
    """As `read`, from memory."""
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
    if len(members) > MAX_MEMBERS:
        raise _error(source, "file", f"has {len(members)} members, at most {MAX_MEMBERS} are allowed")
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
    if sum(info.file_size for info in members) > MAX_BYTES:
        raise _error(source, "file", f"would unpack to more than {MAX_BYTES} bytes")
    return members


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: str) -> bytes:
    with archive.open(info) as member:
        content = member.read(info.file_size + 1)
    if len(content) != info.file_size:
        raise _error(source, info.filename, f"is {len(content)} bytes long, declares {info.file_size}")
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
    """A numeric array whose header and data are exactly as long as the member."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"array format {version}")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    except (ValueError, EOFError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise _error(source, name, f"is no array ({error})") from error
    if dtype.kind not in "fiub" or dtype.hasobject or fortran:
        raise _error(source, name, f"holds {dtype}; only plain numbers in C order are allowed")
    count = 1
    for length in shape:
        count *= length
    rest = content[stream.tell() :]
    if min(shape, default=0) < 0 or count * dtype.itemsize != len(rest):
        raise _error(source, name, f"declares shape {shape}, but holds {len(rest)} bytes")
    return np.frombuffer(rest, dtype).reshape(shape)


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system, info.external_attr = 3, 0o644 << 16
    return info


def _error(source: str, member: str, problem: str) -> BundleError:
    return BundleError(f"{source}: {member}: {problem}; export the bundle again with understudy-trainer fit")
