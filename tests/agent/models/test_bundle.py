"""Reading trusts nothing: whatever a file holds, it is played as it must be or refused in one sentence."""

import copy
import io
import json
import os
import re
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import BundleError
from agent.models.bundle import MAX_BYTES, MAX_MANIFEST_BYTES, MAX_MEMBERS, Bundle, from_bytes, read, write
from agent.models.registry import sampler_of
from tests.made import MESSAGE, copula_bundle, manifest_of, npy, pack, play, unpack

BUNDLE = copula_bundle()
DATA = BUNDLE.to_bytes()
MEMBERS = unpack(DATA)
MANIFEST = manifest_of()
REFUSAL = r"^{source}: {member}: .+; export the bundle again with understudy-trainer fit or declare$"


def refuse(data: bytes, member: str, problem: str | None = None) -> None:
    """Reading `data` raises one BundleError, of one line, which names the file and the member."""
    with pytest.raises(BundleError, match=problem) as caught:
        sampler_of(from_bytes(data, "kitchen.npz"))
    sentence = str(caught.value)
    assert re.match(REFUSAL.format(source=r"kitchen\.npz", member=re.escape(member)), sentence)
    assert sentence.isprintable()
    assert len(sentence) < 600


def forged(**members: bytes) -> bytes:
    """The bundle with some members exchanged (`_` for the dot), its checksums right."""
    return pack((MEMBERS | {name.replace("_", "."): content for name, content in members.items()}).items())


def with_manifest(**changes: Any) -> bytes:
    return forged(manifest_json=json.dumps({**MANIFEST, **changes}).encode())


def with_message(change: Callable[[dict[str, Any]], None]) -> bytes:
    message = copy.deepcopy(MESSAGE)
    change(message["members"])
    return with_manifest(template={"message": message})


def header(text: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    line = text.encode() + b"\n"
    size = 4 if version[0] > 1 else 2
    return b"\x93NUMPY" + version + len(line).to_bytes(size, "little") + line + data


def test_a_bundle_reads_back_equal():
    back = from_bytes(DATA)
    assert back.manifest == BUNDLE.manifest
    assert set(back.arrays) == set(BUNDLE.arrays)
    for name, array in BUNDLE.arrays.items():
        assert back.arrays[name].dtype == array.dtype
        assert np.array_equal(back.arrays[name], array)
    assert len(back.digest) == 64
    assert play(back, 5) == play(BUNDLE, 5)


def test_the_same_bundle_is_the_same_bytes():
    assert copula_bundle().to_bytes() == DATA
    assert from_bytes(DATA).to_bytes() == DATA
    reversed_ = Bundle(BUNDLE.manifest, dict(reversed(BUNDLE.arrays.items())), "elsewhere")
    assert reversed_.to_bytes() == DATA
    with zipfile.ZipFile(io.BytesIO(DATA)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numpy_reads_the_arrays_too(tmp_path: Path):
    path = tmp_path / "kitchen.npz"
    write(BUNDLE, path)
    with np.load(path) as loaded:
        assert np.array_equal(loaded["factor"], BUNDLE.arrays["factor"])


def test_an_array_of_any_plain_kind_and_up_to_four_dimensions_reads_back():
    for dtype in ("|b1", "|i1", "|u1", "<u2", "<i4", "<u8", "<f2", "<f4", "<f8"):
        for shape in ((), (0,), (3,), (0, 3), (2, 3), (2, 1, 3), (1, 2, 3, 1)):
            array = np.ones(shape, dtype)
            back = from_bytes(Bundle(BUNDLE.manifest, {"extra": array}).to_bytes()).arrays["extra"]
            assert (back.dtype, back.shape) == (array.dtype, shape)
            assert np.array_equal(back, array)


def test_a_written_bundle_reads_back_and_leaves_nothing_beside_it(tmp_path: Path):
    path = tmp_path / "kitchen.npz"
    write(BUNDLE, path)
    write(BUNDLE, path)
    assert read(path).source == str(path)
    assert os.listdir(tmp_path) == ["kitchen.npz"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("culprit", ["os.fsync", "os.replace", "os.chmod"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch, culprit: str):
    path = tmp_path / "kitchen.npz"
    path.write_bytes(b"old")

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(culprit, fail)
    with pytest.raises(BundleError, match=r"kitchen\.npz: cannot be written \(No space left on device\); make room$"):
        write(BUNDLE, path)
    assert os.listdir(tmp_path) == ["kitchen.npz"]
    assert path.read_bytes() == b"old"


def test_a_bundle_that_cannot_be_serialised_leaves_nothing(tmp_path: Path):
    objects = Bundle(BUNDLE.manifest, {"x": np.array([object()])})
    with pytest.raises(ValueError, match="Object arrays"):
        write(objects, tmp_path / "kitchen.npz")
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_be_written_or_read_is_named(tmp_path: Path):
    with pytest.raises(
        BundleError,
        match=r"nowhere/a\.npz: cannot be written \(.+\); choose a folder that is there and that you may write$",
    ):
        write(BUNDLE, tmp_path / "nowhere" / "a.npz")
    (tmp_path / "folder").mkdir()
    with pytest.raises(BundleError, match="folder: cannot be written"):
        write(BUNDLE, tmp_path / "folder")
    assert os.listdir(tmp_path) == ["folder"]
    with pytest.raises(BundleError, match=r"none\.npz: cannot be read \(No such file"):
        read(tmp_path / "none.npz")
    with pytest.raises(BundleError, match="folder: cannot be read"):
        read(tmp_path / "folder")


def test_an_endless_file_is_not_read_to_its_end():
    with pytest.raises(BundleError, match="is larger than"):
        read(Path("/dev/zero"))


def test_a_truncated_file_is_refused_wherever_it_ends():
    for length in range(0, len(DATA), 97):
        refuse(DATA[:length], "file")


@settings(max_examples=400, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(1, 255)), min_size=1, max_size=4))
def test_any_damage_to_the_file_reads_or_is_refused(flips: list[tuple[int, int]]):
    data = bytearray(DATA)
    for place, mask in flips:
        data[place] ^= mask
    reads_or_refuses(bytes(data))


@settings(max_examples=400, deadline=None)
@given(data=st.data(), name=st.sampled_from(sorted(MEMBERS)), stored=st.booleans())
def test_any_forged_member_plays_json_or_is_refused(data: st.DataObject, name: str, stored: bool):
    content = bytearray(MEMBERS[name])
    reach = len(content) - 1 if name == "manifest.json" else min(len(content) - 1, 160)
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, reach), st.integers(0, 255)), max_size=4)):
        content[place] = byte
    cut = data.draw(st.none() | st.integers(0, len(content)))
    members = MEMBERS | {name: bytes(content[:cut])}
    reads_or_refuses(pack(members.items(), zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED))


HOSTILE = [None, True, 0, -1, 2**63, 2**70, 0.5, 1e308, float("nan"), float("inf"), "", "x", "\0\n\u202e", "²", [], {}]
HOSTILE += [[[]], {"node": "constant", "value": 1}, [1, 2], "YYYY-MM-DD%0hh", ["value", "missing"], "9" * 5000]


@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_any_forged_value_of_the_manifest_plays_json_or_is_refused(data: st.DataObject):
    manifest = copy.deepcopy(MANIFEST)
    for _ in range(data.draw(st.integers(1, 2))):
        here, key = data.draw(st.sampled_from(places(manifest)))
        here[key] = copy.deepcopy(data.draw(st.sampled_from(HOSTILE)))
    with suppress(ValueError, TypeError, KeyError):  # columns that fit, so that the template's own rules are tried
        manifest["columns"] = manifest_of(manifest["template"]["message"])["columns"]
    reads_or_refuses(forged(manifest_json=json.dumps(manifest).encode()))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as its container and key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [found for key in keys for found in ((value, key), *places(value[key]))]


def reads_or_refuses(data: bytes) -> None:
    try:
        bundle = from_bytes(data, "kitchen.npz")
        sampler_of(bundle)
    except BundleError as error:
        assert re.match(REFUSAL.format(source=r"kitchen\.npz", member=r".*"), str(error))  # noqa: PT017
        assert str(error).isprintable()  # noqa: PT017
    else:
        assert len(play(bundle, 3)) == 3


@pytest.mark.parametrize("data", [b"", b"PK", b"\0" * 5000, b"[1, 2]", npy(np.zeros(3)), b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_bundle_is_refused(data: bytes):
    with pytest.raises(BundleError, match=r"kitchen\.npz: (file|manifest\.json): "):
        from_bytes(data, "kitchen.npz")


@pytest.mark.parametrize("name", sorted(set(MEMBERS) - {"manifest.json"}))
def test_a_missing_array_is_named(name: str):
    refuse(
        pack((key, content) for key, content in MEMBERS.items() if key != name), name.removesuffix(".npy"), "missing"
    )


def test_a_missing_manifest_is_named():
    refuse(
        pack((key, content) for key, content in MEMBERS.items() if key != "manifest.json"), "manifest.json", "missing"
    )


@pytest.mark.parametrize(
    "name", ["/etc/x.npy", "../x.npy", "a/../x.npy", "./x.npy", "a//x.npy", "a\\x.npy", "..\\x.npy", "\\x.npy"]
)
def test_a_member_that_would_leave_the_bundle_is_refused(name: str):
    refuse(pack([*MEMBERS.items(), (name, npy(np.zeros(1)))]), name, "no name for a member")


@pytest.mark.parametrize("name", ["run.py", "x.pkl", "x.npy.exe", "manifest.json.bak", "folder/manifest.json"])
def test_a_member_that_is_no_array_is_refused(name: str):
    refuse(pack([*MEMBERS.items(), (name, b"x")]), name, "does not belong")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_doubled_member_is_refused():
    refuse(pack([*MEMBERS.items(), ("z.npy", MEMBERS["z.npy"])]), "z.npy", "doubled")


def test_a_name_with_line_breaks_makes_no_second_line():
    with pytest.raises(BundleError) as caught:
        from_bytes(pack([*MEMBERS.items(), ("x\nERROR all is lost\x1b[2J", b"x")]), "kitchen.npz")
    assert str(caught.value).isprintable()


def test_too_many_members_are_refused_before_any_is_looked_at():
    many = pack([*MEMBERS.items(), *((f"{i}.npy", b"") for i in range(MAX_MEMBERS))])
    refuse(many, "file", f"more than {MAX_MEMBERS} members")


def test_a_directory_as_large_as_the_file_costs_no_memory():
    entry = DATA[DATA.index(b"PK\x01\x02") :][:46]
    end = bytearray(DATA[-22:])
    directory = entry * 100_000
    end[12:16], end[16:20] = len(directory).to_bytes(4, "little"), (0).to_bytes(4, "little")
    assert peak(directory + bytes(end)) < 2**21


def test_an_encrypted_member_is_refused():
    data = bytearray(DATA)
    for place in (m.start() for m in re.finditer(rb"PK\x01\x02", DATA)):
        data[place + 8] |= 1
    refuse(bytes(data), "manifest.json", "encrypted")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_packed_by_a_method_with_a_larger_appetite_is_refused(method: int):
    refuse(pack(MEMBERS.items(), method), "manifest.json", "another method")


def test_stored_members_are_read():
    assert from_bytes(pack(MEMBERS.items(), zipfile.ZIP_STORED)).manifest == BUNDLE.manifest


def test_a_zip_bomb_is_refused_by_what_it_declares():
    bomb = pack([*MEMBERS.items(), ("bomb.npy", bytes(MAX_BYTES))])
    assert len(bomb) < 2**17
    refuse(bomb, "file", "would unpack to more than")
    assert peak(bomb) < 2**20


def test_a_zip_bomb_whose_parts_are_each_small_enough_is_refused():
    part = bytes(MAX_BYTES // 8)
    refuse(pack([*MEMBERS.items(), *((f"{i}.npy", part) for i in range(8))]), "file", "would unpack to more than")


def lying(name: str, declared: int, checksum: int | None = None) -> bytes:
    """The bundle with a member whose size (and checksum) in both headers is another than its content's."""
    data = bytearray(DATA)
    with zipfile.ZipFile(io.BytesIO(DATA)) as archive:
        local = archive.getinfo(name).header_offset
    entry = DATA.index(b"PK\x01\x02")
    while DATA[entry + 46 : entry + 46 + len(name)] != name.encode():
        entry = DATA.index(b"PK\x01\x02", entry + 1)
    for place, size, value in ((local + 22, 4, declared), (entry + 24, 4, declared)):
        data[place : place + size] = value.to_bytes(size, "little")
    if checksum is not None:
        for place in (local + 14, entry + 16):
            data[place : place + 4] = checksum.to_bytes(4, "little")
    return bytes(data)


def test_a_member_longer_than_it_declares_is_refused_even_where_the_checksum_fits():
    content = MEMBERS["factor.npy"]
    refuse(lying("factor.npy", len(content) - 8), "factor.npy", "longer")
    refuse(lying("factor.npy", len(content) - 8, zlib.crc32(content[:-8])), "factor.npy", "longer")
    refuse(lying("factor.npy", 0, 0), "factor.npy", "longer")


def test_a_member_shorter_than_it_declares_is_refused():
    refuse(lying("factor.npy", len(MEMBERS["factor.npy"]) + 8), "factor.npy", "declares")


def test_a_bomb_that_declares_little_is_not_unpacked():
    bomb = {"factor.npy": bytes(MAX_BYTES * 2)}
    data = bytearray(pack((MEMBERS | bomb).items()))
    size = (MAX_BYTES * 2).to_bytes(4, "little")
    for place in (m.start() for m in re.finditer(re.escape(size), bytes(data))):
        data[place : place + 4] = (100).to_bytes(4, "little")
    refuse(bytes(data), "factor.npy")
    assert peak(bytes(data)) < 2**20


def peak(data: bytes) -> int:
    """The most memory that refusing `data` takes, in bytes beyond the file itself."""
    tracemalloc.start()
    try:
        with pytest.raises(BundleError):
            from_bytes(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


F8 = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }"


@pytest.mark.parametrize(
    "array",
    [
        header(F8 % "(4611686018427387904, 4)"),
        header(F8 % "(99999999999999999999999999,)"),
        header(F8 % "(-1,)"),
        header(F8 % "(-1, -1)", b"\0" * 8),
        header(F8 % "(999999999, 999999999)"),
        header(F8 % "(0, 999999999, 999999999, 999999999)"),
        header(F8 % "(3,)", b"\0" * 16),
        header(F8 % "(3,)", b"\0" * 32),
        header(F8 % "(3L,)", b"\0" * 24),
        header(F8 % "(True,)", b"\0" * 8),
        header(F8 % "3", b"\0" * 24),
        header(F8 % ("(" * 500 + ")" * 500)),
        header(F8 % ("(" + "1, " * 60 + ")"), b"\0" * 8),
        header(F8 % "(1,)", b"\0" * 8, b"\x02\x00"),
        header(F8 % "(1,)", b"\0" * 8, b"\x03\x00"),
        header(F8 % "(1,)", b"\0" * 8, b"\x01\x01"),
        header((F8 % "(1,)").replace("False", "True"), b"\0" * 8),
        header((F8 % "(1,)").replace("<f8", "|O"), b"\0" * 8),
        header((F8 % "(1,)").replace("<f8", ">f8"), b"\0" * 8),
        header((F8 % "(1,)").replace("<f8", "<c16"), b"\0" * 16),
        header((F8 % "(1,)").replace("<f8", "<U2"), b"\0" * 8),
        header((F8 % "(1,)").replace("<f8", "<M8[s]"), b"\0" * 8),
        header((F8 % "(1,)").replace("'<f8'", "[('a', '<f8')]"), b"\0" * 8),
        header((F8 % "(1,)").replace("'<f8'", "__import__('os').abort()"), b"\0" * 8),
        npy(np.asfortranarray(np.eye(3) + np.arange(3))),
        npy(np.zeros(2, ">f8")),
        npy(np.zeros(2, [("a", "<f8"), ("b", "<i4")])),
        npy(np.zeros(2, "<c8")),
        npy(np.zeros(2, "S8")),
        npy(np.zeros(2), (2, 0)),
        npy(np.zeros(2), (3, 0)),
        npy(np.array([{"pickled": 1}], object)),
        npy(np.zeros(2))[:7],
        npy(np.zeros(2))[:-1],
        npy(np.zeros(2)) + b"\0",
        b"\x93NUMPY\x01\x00\xff\xff{",
        npy(np.zeros(2)).replace(b"\x01\x00v\x00", b"\x01\x00u\x00"),
        b"\x80\x04K\x01.",
        b"",
    ],
)
def test_an_array_that_is_not_plain_numbers_of_the_declared_shape_is_refused(array: bytes):
    refuse(forged(factor_npy=array), "factor.npy", r"no array|declares shape")


def test_a_large_manifest_is_refused_before_it_is_parsed():
    data = forged(manifest_json=b"[" * (MAX_MANIFEST_BYTES + 1))
    refuse(data, "manifest.json", "too large")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps(MANIFEST).encode()[:-1],
        json.dumps(MANIFEST).encode() + b"x",
        json.dumps(MANIFEST).encode("utf-16"),
    ],
)
def test_a_manifest_that_is_no_json_object_is_refused(content: bytes):
    refuse(forged(manifest_json=content), "manifest.json")


def nested(depth: int, node: str) -> dict[str, Any]:
    message: dict[str, Any] = {"node": "constant", "value": 1}
    for _ in range(depth):
        inner = {"members": {"a": message}} if node == "object" else {"column": "?", "of": message}
        message = {"node": node, **inner} | ({"states": ["value", "null"]} if node == "maybe" else {})
    return message


@pytest.mark.parametrize("node", ["object", "maybe"])
@pytest.mark.parametrize("depth", [10, 50, 90, 98, 150, 400])
def test_a_deeply_nested_template_plays_or_is_refused(node: str, depth: int):
    columns = [{"name": "?", "size": 2}] if node == "maybe" else []
    arrays = copula_bundle(nested(1, node)).to_bytes()
    manifest = {**MANIFEST, "template": {"message": nested(depth, node)}, "columns": columns}
    reads_or_refuses(pack((unpack(arrays) | {"manifest.json": json.dumps(manifest).encode()}).items()))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"format": "understudy-bundle/2"}, r"format: .*this agent reads understudy-bundle/1"),
        ({"format": None}, "format"),
        ({"more": 1}, "more"),
        ({"kind": "os.system"}, "unknown; known: "),
        ({"kind": None}, "kind"),
        ({"sensor": ""}, "sensor"),
        ({"sensor": "x" * 300}, "sensor"),
        ({"arrival": {"interval_s": 0}}, "arrival.interval_s"),
        ({"arrival": {"interval_s": float("nan")}}, "arrival.interval_s"),
        ({"arrival": {"interval_s": 1, "x": 1}}, "arrival.x"),
        ({"period": {"covered": {"year": {"repetitions": 1, "filled": 1}}}}, "period.covered"),
        ({"period": {"covered": {"day": {"repetitions": 1, "filled": 2}}}}, "filled"),
        ({"columns": []}, "columns: not those"),
        ({"columns": list(reversed(MANIFEST["columns"]))}, "columns: not those"),
        ({"columns": [*MANIFEST["columns"], MANIFEST["columns"][0]]}, "columns: not those"),
        ({"columns": [*MANIFEST["columns"], {"name": "more"}]}, "columns: not those"),
        ({"columns": [{**MANIFEST["columns"][0], "name": "other"}, *MANIFEST["columns"][1:]]}, "columns: not those"),
        (
            {"columns": [{**column, "size": column["size"] and 9} for column in MANIFEST["columns"]]},
            "columns: not those",
        ),
        ({"columns": [{**column, "integer": False} for column in MANIFEST["columns"]]}, "columns: not those"),
        ({"columns": [{"name": str(i)} for i in range(5000)]}, "columns"),
        ({"template": {}}, "template.message"),
        ({"provenance": {}}, "provenance"),
    ],
)
def test_a_manifest_that_is_not_as_it_must_be_is_refused_by_key(changes: dict[str, Any], problem: str):
    refuse(with_manifest(**changes), "manifest.json", problem)


def test_a_template_and_columns_that_disagree_are_refused():
    refuse(with_message(lambda m: m.pop("light")), "manifest.json", "columns: not those")
    refuse(with_message(lambda m: m["light"].update(column="dark")), "manifest.json", "columns: not those")
    refuse(with_message(lambda m: m["light"]["labels"].pop()), "manifest.json", "columns: not those")
    refuse(with_message(lambda m: m["light"].update(column="seen#")), "manifest.json", "two different columns")
    refuse(with_message(lambda m: m["temperature"].update(column="")), "manifest.json", "name")
    refuse(with_message(lambda m: m["light"].update(labels=[])), "manifest.json", "labels")
    refuse(with_message(lambda m: m["seen"]["compositions"].append(["ghost 1"])), "manifest.json", "not there")


def test_tables_of_another_number_of_columns_are_refused():
    message = {"node": "object", "members": {"a": MESSAGE["members"]["light"]}}
    other = unpack(copula_bundle(message).to_bytes())
    refuse(pack((other | {"manifest.json": MEMBERS["manifest.json"]}).items()), "factor", "has shape")
    refuse(forged(factor_npy=other["factor.npy"]), "factor", "has shape")
    refuse(forged(offsets_npy=other["offsets.npy"]), "offsets", "has shape")
