"""The command line. Each command imports what it needs when it runs, so that it starts fast."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.ending import exit_status

SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit status: 0, 78 for a wrong configuration or bundle, 2 for wrong usage."""
    for name in ONE_THREAD:  # numpy's threads cost memory, and a row is no work for them
        os.environ.setdefault(name, "1")
    words = list(sys.argv[1:] if argv is None else argv)
    args = _parser(words).parse_args(words)
    return exit_status("understudy-agent", lambda: args.command(args))


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="understudy-agent", description="Plays learned sensors over MQTT.", allow_abbrev=False
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in (("run", _run), ("check", _check)):
        sub = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        sub.add_argument("--config", metavar="FILE", type=Path, required=True, help="the configuration (TOML)")
        sub.set_defaults(command=command)
    doctor = commands.add_parser("doctor", help=_doctor.__doc__, description=_doctor.__doc__)
    doctor.set_defaults(command=_doctor)
    doctor.add_argument("--config", metavar="FILE", type=Path, required=True, help="the configuration (TOML)")
    doctor.add_argument("--json", action="store_true", help="an array of {check, status, said, remedy}")
    preview = commands.add_parser("preview", help=_preview.__doc__, description=_preview.__doc__)
    preview.set_defaults(command=_preview)
    preview.add_argument("bundle", metavar="BUNDLE", type=Path, help="a bundle (.npz)")
    preview.add_argument("-n", metavar="N", type=_count, default=10, help="how many messages (default: 10)")
    preview.add_argument("--seed", metavar="S", type=_count, help="the same seed gives the same messages")
    preview.add_argument("--start", metavar="ISO", help="messages from this time on (default: now)")
    preview.add_argument(
        "--interval", metavar="S", type=_above_zero("seconds"), help="seconds between messages (default: recorded)"
    )
    preview.add_argument("--given", metavar="FIELD=VALUE", type=_given, action="append", help="only such messages")
    preview.add_argument("--timezone", metavar="TZ", help="timezone of local times (default: the recording's offset)")
    pictures = preview.add_argument_group("pictures of the detections in messages, as files")
    pictures.add_argument("--pictures", metavar="DIR", type=Path, help="write pictures there, named by seq")
    pictures.add_argument("--sprites", metavar="DIR", type=Path, help="stock pictures: class.png, or a folder a class")
    pictures.add_argument(
        "--background", metavar="FILE", type=Path, help="a picture, or a folder of some (default: a test card)"
    )
    pictures.add_argument("--size", metavar="WxH", help="width and height (default: the background's, else 1280x720)")
    pictures.add_argument("--labels", choices=["coco", "yolo", "voc"], help="tell what is where in each picture")
    pictures.add_argument(
        "--set",
        metavar="KEY=VALUE",
        type=_given,
        action="append",
        help="any other key of [sensor.pictures], such as blend=feather",
    )
    pictures.add_argument("--workers", metavar="N", type=_workers, default=1, help="processes (default: 1)")
    backfill = commands.add_parser("backfill", help=_backfill.__doc__, description=_backfill.__doc__)
    backfill.set_defaults(command=_backfill)
    backfill.add_argument("--config", metavar="FILE", type=Path, required=True, help="the configuration (TOML)")
    backfill.add_argument(
        "--from", metavar="ISO", dest="start", required=True, help="where to begin, e.g. 2026-06-01 (local)"
    )
    backfill.add_argument("--to", metavar="ISO", dest="stop", help="where to end (default: now)")
    backfill.add_argument(
        "--rate",
        metavar="N",
        type=_above_zero("readings per second"),
        help="readings per second (default: as fast as can be)",
    )
    backfill.add_argument("--out", metavar="FILE", type=Path, help="write JSON lines there instead of publishing")
    backfill.add_argument("--live", action="store_true", help="then play on live, without a gap or an overlap")
    demo = commands.add_parser("demo", help=_demo.__doc__, description=_demo.__doc__)
    demo.set_defaults(command=_demo)
    if words[:1] == ["demo"]:
        from agent.demo.play import add_arguments

        add_arguments(demo)
    return parser


def _run(args: argparse.Namespace) -> int:
    """Play a configuration until SIGTERM; SIGHUP reloads it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until the agent can answer them
    from agent import logs
    from agent.clock import SystemClock
    from agent.daemon import Agent

    logs.begin(os.environ)
    return Agent(args.config, os.environ, SystemClock()).run()


def _backfill(args: argparse.Namespace) -> int:
    """Play what lies in the past, as fast as asked, to the broker or into a file."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    from agent import logs
    from agent.backfill import Wish, backfill
    from agent.clock import SystemClock

    logs.begin(os.environ)
    wish = Wish(args.start, args.stop, args.rate, args.out, args.live)
    status = backfill(args.config, os.environ, SystemClock(), wish)
    return status or (_run(args) if args.live else 0)


def _check(args: argparse.Namespace) -> int:
    """Check a configuration and its bundles, and tell every problem at once."""
    from agent.check import check

    for line in check(args.config, os.environ):
        print(line)
    return 0


def _doctor(args: argparse.Namespace) -> int:
    """Look at all that the agent needs, from the broker to the camera, and tell what is wrong and what to do."""
    import logging

    from agent.doctor import report
    from agent.doctor.doctor import findings

    logging.getLogger().addHandler(logging.NullHandler())  # what parts of the agent would log is told by the checks
    found = []
    for name, finding in findings(args.config, os.environ):
        found.append((name, finding))
        if not args.json:
            print(report.line(name, finding), flush=True)
    if args.json:
        print(report.as_json(found))
    return report.status(found)


def _preview(args: argparse.Namespace) -> int:
    """Print messages of a bundle as JSON lines, without any broker."""
    from agent import logs
    from agent.clock import SystemClock
    from agent.errors import ConfigError
    from agent.preview import preview

    logs.begin(os.environ)
    clock = SystemClock()
    texts = preview(
        args.bundle,
        args.n,
        clock,
        seed=args.seed,
        start=args.start,
        interval_s=args.interval,
        timezone=args.timezone,
        given=_each_once("--given", args.given),
    )
    if args.pictures is None:
        if any((args.sprites, args.background, args.size, args.labels, args.set, args.workers > 1)):
            raise ConfigError("--sprites, --background, --size, --labels, --set and --workers are of --pictures DIR")
        for text in texts:
            print(text)
        return 0
    from agent.dataset.dataset import write
    from agent.dataset.plan import plan_of

    keys = _each_once("--set", args.set)
    for name, value in (("sprites", args.sprites), ("labels", args.labels)):
        if value is not None and keys.setdefault(name, value) is not value:
            raise ConfigError(f"--{name} and --set {name}: keep one of them")
    plan = plan_of(args.bundle, keys, args.background, args.size, args.seed)
    print(f"{args.pictures}: {write(args.pictures, plan, texts, args.n, args.workers)}")
    return 0


def _demo(args: argparse.Namespace) -> int:
    """Play bundles to a broker inside this process, and print what a subscriber sees."""
    from agent.demo.play import run

    return run(args)


def _count(text: str) -> int:
    if not text.isdigit() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number of 0 to 18 digits")
    return int(text)


def _workers(text: str) -> int:
    number = _count(text)
    if not 1 <= number <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes, 1 to 256")
    return number


def _given(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not field or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return field, value


def _each_once(option: str, pairs: Sequence[tuple[str, str]] | None) -> dict[str, str]:
    """The value of each name.

    Raises:
        ConfigError: A name has two, of which one would not be told that it does not hold.
    """
    from agent.errors import ConfigError

    values: dict[str, str] = {}
    for name, value in pairs or ():
        if values.setdefault(name, value) != value:
            raise ConfigError(f"{option} {name}: is {values[name]} and {value}; keep one of them")
    return values


def _above_zero(what: str) -> Callable[[str], float]:
    """Reads a number of `what`."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0 < number <= 1e9:
            raise argparse.ArgumentTypeError(f"{text!r} is no number of {what} above 0")
        return number

    return read
