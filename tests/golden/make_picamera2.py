"""Writes down what picamera2 looks like, for the tests of the one file that calls it.

picamera2 needs a Raspberry Pi's libraries to be imported, so its source is read instead. Run it when another version
is to be supported: `python -m tests.golden.make_picamera2`.
"""

import ast
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VERSIONS = ("0.3.18", "0.3.38")  # the oldest that pyproject.toml allows, and the newest

USED = {
    ("picamera2.py", "Picamera2"): (
        "__init__",
        "global_camera_info",
        "create_video_configuration",
        "configure",
        "start",
        "capture_request",
        "wait",
        "stop",
        "stop_preview",
        "close",
    ),
    ("request.py", "CompletedRequest"): ("make_array", "release"),
}


def main() -> None:
    """Download, read and write."""
    golden = {version: described(version) for version in VERSIONS}
    (HERE / "picamera2.json").write_text(json.dumps(golden, indent=1) + "\n")


def described(version: str) -> dict[str, Any]:
    """The parameters of every method in use, and in which order the bytes of a format stand."""
    sources = {name: ast.parse(text) for name, text in downloaded(version).items()}
    methods = {
        kind: {name: parameters(method(sources[file], kind, name)) for name in names}
        for (file, kind), names in USED.items()
    }
    return methods | {"bytes": order_of_bytes(sources["request.py"])}


def downloaded(version: str) -> dict[str, str]:
    """The text of the two files that are read."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        subprocess.run([*command, "--dest", folder, f"picamera2=={version}"], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return {name: archive.read(f"picamera2/{name}").decode() for name in ("picamera2.py", "request.py")}


def method(source: ast.Module, kind: str, name: str) -> ast.FunctionDef:
    """The last of this name: those before it only tell its types."""
    (found,) = (node for node in source.body if isinstance(node, ast.ClassDef) and node.name == kind)
    return [node for node in found.body if isinstance(node, ast.FunctionDef) and node.name == name][-1]


def parameters(function: ast.FunctionDef) -> list[dict[str, str | None]]:
    """Name, kind and default of each, without self."""
    given = function.args
    places = [("POSITIONAL_ONLY", arg) for arg in given.posonlyargs] + [
        ("POSITIONAL_OR_KEYWORD", a) for a in given.args
    ]
    defaults: list[ast.expr | None] = [None] * (len(places) - len(given.defaults)) + list(given.defaults)
    every = [(kind, arg, default) for (kind, arg), default in zip(places, defaults, strict=True)]
    every += [("VAR_POSITIONAL", given.vararg, None)] if given.vararg else []
    every += [("KEYWORD_ONLY", arg, default) for arg, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    every += [("VAR_KEYWORD", given.kwarg, None)] if given.kwarg else []
    static = any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in function.decorator_list)
    return [
        {"name": arg.arg, "kind": kind, "default": ast.unparse(default) if default else None}
        for kind, arg, default in every[0 if static else 1 :]
    ]


def order_of_bytes(source: ast.Module) -> dict[str, str]:
    """As picamera2 itself tells Pillow, when it makes a picture of an array."""
    (table,) = (
        node.value
        for node in ast.walk(source)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "mode_lookup"
    )
    order: dict[str, str] = ast.literal_eval(table)
    return order


if __name__ == "__main__":
    main()
