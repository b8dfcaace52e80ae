"""understudy-trainer: inspect a recording, fit it, generate more of it."""

import argparse
import json
import re
import sys
import time
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.ending import EXIT_USAGE, exit_status, held
from agent.errors import ConfigError
from trainer.corrections import CORRECTIONS, NAMES, require_made
from trainer.places import require_file, require_folder

if TYPE_CHECKING:
    from trainer.fit import Outcome
    from trainer.recording import Recording


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 on success, 2 for wrong usage, 78 for bad input."""
    options = _parser().parse_args(arguments)
    needed, extra = (("scipy",), "declare") if options.run is _declare else (("pandas", "scipy"), "trainer")
    if any(find_spec(package) is None for package in needed):
        print(
            f"understudy-trainer: the agent alone is installed; in a clone: pip install '.[{extra}]'", file=sys.stderr
        )
        return EXIT_USAGE
    warnings.simplefilter("ignore")  # SDV and its sisters warn of matters that are no user's
    return exit_status("understudy-trainer", lambda: options.run(options) or 0)


def _inspect(options: argparse.Namespace) -> None:
    from trainer.inspect import as_text, inspect
    from trainer.learn.infer import study
    from trainer.recording import load
    from trainer.schema import read_schema, write_schema

    if options.write_schema:
        require_file("--write-schema", options.write_schema)
    recording = load(options.recording)
    findings = study(recording, read_schema(options.schema) if options.schema else None)
    if options.write_schema:
        write_schema(findings.schema, options.write_schema)
    found = inspect(recording, findings)
    print(json.dumps(found, indent=2) if options.json else as_text(found))


def _fit(options: argparse.Namespace) -> None:
    from trainer.progress import require_tensorboard
    from trainer.recording import load

    require_made(options.model, set(options.without))
    if options.tensorboard:
        require_tensorboard(options.tensorboard)
    _require_out(options)
    recording = load(options.recording)
    if options.sensor_column is None:
        if options.sensor is None:
            raise ConfigError(
                "--sensor: missing; name the sensor that was recorded, or --sensor-column for a recording of several"
            )
        if not 1 <= len(options.sensor) <= 256 or not options.sensor.isprintable():
            raise ConfigError("--sensor: must have 1 to 256 printable characters; choose another name")
        _write(_fit_one(recording, options.sensor, options), options.out, options)
        return
    parts = _by_sensor(recording, options.sensor_column)
    if options.out.is_dir():
        for name in parts:
            require_file("--out", options.out / f"{name}.npz")
    outcomes = {name: _fit_one(part, name, options) for name, part in parts.items()}
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {options.out}: no folder can be there ({error.strerror}); choose another") from error
    for name, outcome in outcomes.items():
        _write(outcome, options.out / f"{name}.npz", options)


def _require_out(options: argparse.Namespace) -> None:
    """Raise ConfigError where what is to be learnt could not be written."""
    if options.sensor_column is None:
        require_file("--out", options.out)
        return
    if options.out.suffix == ".npz":
        raise ConfigError(f"--out {options.out}: must be a folder with --sensor-column, one bundle a sensor goes there")
    require_folder("--out", options.out)


def _fit_one(recording: "Recording", sensor: str, options: argparse.Namespace) -> "Outcome":
    from trainer.progress import Progress
    from trainer.schema import read_schema

    with Progress(sensor, auto=options.model == "auto") as progress:
        with held():
            from trainer.fit import Options, fit

        return fit(
            recording,
            sensor,
            Options(
                kind=options.model,
                corrections=read_schema(options.schema) if options.schema else None,
                seed=options.seed,
                epochs=options.epochs,
                without=frozenset(options.without),
                step=progress.step,
                report=progress.epoch,
                scored=progress.scored,
            ),
        )


def _by_sensor(recording: "Recording", column: str) -> dict[str, "Recording"]:
    """A recording for every value of a column; the value names the sensor."""
    from dataclasses import replace

    groups: dict[str, list[int]] = {}
    for place, message in enumerate(recording.messages):
        if message.get(column) is None:
            raise ConfigError(f"--sensor-column {column}: {recording.place(place)} has no value there")
        groups.setdefault(str(message[column]), []).append(place)
    names = {value: re.sub(r"[^A-Za-z0-9_.-]+", "-", value).strip(".-") or "sensor" for value in groups}
    if any(len(name) > 200 for name in names.values()):
        raise ConfigError(f"--sensor-column {column}: a value has more than 200 characters, too many for a file's name")
    if len(set(names.values())) < len(names):
        raise ConfigError(f"--sensor-column {column}: two values give the same file name; rename one in the recording")
    return {
        names[value]: replace(
            recording,
            name=f"{recording.name} ({column} = {value[:80]})",
            messages=[recording.messages[i] for i in places],
            places=[recording.places[i] for i in places],
        )
        for value, places in groups.items()
    }


def _write(outcome: "Outcome", path: Path, options: argparse.Namespace) -> None:
    from agent.models import bundle as bundles

    bundles.write(outcome.bundle, path)
    manifest, parity = outcome.bundle.manifest, outcome.parity
    size = path.stat().st_size / 1000
    score, shapes = manifest.quality["score"], manifest.quality["column_shapes"]
    of = f"{manifest.provenance.rows} messages, {len(manifest.columns)} columns"
    print(f"{path}: {manifest.kind} of {of}, {size:.0f} kB")
    print(f"  quality {score} (column shapes {shapes}) against the recording")
    print(f"  parity with SDV: worst distance {parity.worst:.4f}, limit {parity.limit:.4f}")
    corrections = manifest.parity.get("corrections")
    if isinstance(corrections, dict):
        names = ", ".join(manifest.corrections)
        before, after = corrections["before"], corrections["after"]
        print(f"  corrected ({names}): classes were {before:.3f} from the recording's, are {after:.3f}")
    for warning in outcome.warnings:
        print(f"  warning: {warning}")
    if options.tensorboard:
        _write_losses(outcome, options.tensorboard)


def _write_losses(outcome: "Outcome", folder: Path) -> None:
    from trainer.progress import write_losses

    manifest = outcome.bundle.manifest
    if outcome.losses is None:
        print(f"  no losses for TensorBoard: {manifest.kind} is not trained in epochs")
    else:
        write_losses(outcome.losses, folder / manifest.sensor)


def _declare(options: argparse.Namespace) -> None:
    from agent.models import bundle as bundles
    from trainer.declare.declare import EXAMPLE, declare
    from trainer.declare.summary import summary

    if options.example:
        print(EXAMPLE.read_text("utf-8"), end="")
        return
    if options.spec is None or (options.out is None) != options.check:
        raise ConfigError("declare: give a specification with --out FILE.npz or --check, or --example alone")
    if options.out:
        require_file("--out", options.out)
    made = declare(options.spec)
    if options.check:
        print(f"{options.spec}: can be declared")
        print("\n".join(f"  {line}" for line in summary(made)))
        return
    bundles.write(made, options.out)
    print(f"{options.out}: {made.manifest.sensor}, declared, {options.out.stat().st_size / 1000:.0f} kB")
    print("\n".join(f"  {line}" for line in summary(made)))


def _generate(options: argparse.Namespace) -> None:
    import secrets

    from agent.models import bundle as bundles
    from trainer.generate import generate

    require_file("--out", options.out)
    seed = secrets.randbits(63) if options.seed is None else options.seed
    generate(bundles.read(options.bundle), options.count, options.out, time.time_ns(), seed)
    print(f"{options.out}: {options.count} messages")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="understudy-trainer", description="Learn a sensor's recording.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    inspect = _command(commands, "inspect", _inspect, "say what was understood of a recording")
    _add_recording(inspect)
    inspect.add_argument("--json", action="store_true", help="as JSON")
    inspect.add_argument("--write-schema", type=Path, metavar="FILE", help="write the schema, to be corrected")

    fit = _command(commands, "fit", _fit, "fit a model and export it to a bundle")
    _add_recording(fit)
    fit.add_argument("--sensor", metavar="NAME", help="the sensor's name")
    fit.add_argument("--sensor-column", metavar="COLUMN", help="one bundle a value of this column, into folder --out")
    fit.add_argument("--out", type=Path, required=True, metavar="FILE.npz", help="the bundle to write")
    models = [*CORRECTIONS, "auto"]
    fit.add_argument("--model", choices=models, default="gaussian-copula", help="default: %(default)s")
    fit.add_argument("--epochs", type=_positive, metavar="N", help="of a neural model (default: SDV's)")
    fit.add_argument(
        "--without", action="append", default=[], choices=NAMES, help="leave a correction out (repeatable)"
    )
    fit.add_argument("--tensorboard", type=Path, metavar="DIR", help="write the losses there")
    fit.add_argument("--seed", type=_natural, default=0, help="the same seed gives the same bytes (default: 0)")

    declare = _command(commands, "declare", _declare, "make a bundle from a specification, without a recording")
    declare.add_argument("spec", type=Path, nargs="?", metavar="SPEC.toml", help="what the messages hold")
    declare.add_argument("--out", type=Path, metavar="FILE.npz", help="the bundle to write")
    declare.add_argument("--check", action="store_true", help="say what is declared, or all that is wrong with it")
    declare.add_argument("--example", action="store_true", help="print a commented specification")

    generate = _command(commands, "generate", _generate, "write more messages of the same distribution")
    generate.add_argument("bundle", type=Path, metavar="BUNDLE")
    generate.add_argument("-n", dest="count", type=_natural, required=True, metavar="N", help="how many")
    generate.add_argument("--out", type=Path, required=True, metavar="FILE", help=".csv or .jsonl")
    generate.add_argument("--seed", type=_natural, default=None, help="default: different every time")
    return parser


def _command(commands: Any, name: str, run: Any, help_: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=help_, description=help_)
    command.set_defaults(run=run)
    return command


def _add_recording(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "recording", metavar="RECORDING", help="a JSON, JSON lines, CSV or Parquet file, or sqlite:///f.db?table=t"
    )
    command.add_argument("--schema", type=Path, metavar="FILE", help="TOML file that corrects what is guessed wrong")


def _positive(text: str) -> int:
    return _whole(text, least=1)


def _natural(text: str) -> int:
    return _whole(text, least=0)


def _whole(text: str, least: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of {least} or more")
    return int(text)
