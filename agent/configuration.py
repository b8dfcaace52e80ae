"""Reading the configuration: one TOML file, overridden by the environment, checked in full before anything starts.

Plain pydantic reads the environment here, in a dozen lines: every problem can then be told in one message, and
pydantic-settings would cost the agent a tenth of its start and 4 MB of memory.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.errors import ConfigError
from agent.files import contents
from agent.problems import closest, described, listed
from agent.settings.sensor import Sensor
from agent.settings.settings import Settings
from agent.strict import Strict

PREFIX = "UNDERSTUDY_"


def load(path: Path, env: Mapping[str, str]) -> Settings:
    """The configuration in `path`, overridden by `env`.

    Raises:
        ConfigError: Anything is wrong; the message lists every problem.
    """
    settings, _, problems = examine(path, env)
    if settings is None or problems:
        raise ConfigError(listed(str(path), problems))
    return settings


def examine(path: Path, env: Mapping[str, str]) -> tuple[Settings | None, list[Sensor], list[str]]:
    """The configuration if it is right; the sensors that are right in any case; and every problem."""
    data, problems = _read(path)
    if data is None:
        return None, [], problems
    problems = _override(data, env) + _twice(data)
    context = {"folder": path.parent}
    try:
        settings = Settings.model_validate(data, context=context)
        return settings, settings.sensor, problems
    except ValidationError as error:
        wrong = {
            detail["loc"][1] for detail in error.errors() if detail["loc"][:1] == ("sensor",) and detail["loc"][1:]
        }
        right = [raw for place, raw in enumerate(_sensors(data)) if place not in wrong]
        sensors = [Sensor.model_validate(raw, context=context) for raw in right]
        return None, sensors, [*described(error, data, Settings), *problems]


def _read(path: Path) -> tuple[dict[str, Any] | None, list[str]]:
    try:
        return tomllib.loads(contents(path).decode("utf-8")), []
    except OSError as error:
        return None, [f"cannot be read ({error.strerror}); give the path of a TOML file"]
    except UnicodeDecodeError:
        return None, ["is no text in UTF-8; save it as UTF-8"]
    except (ValueError, RecursionError) as error:  # TOML's own error, or a number of thousands of digits
        return None, [f"is no TOML: {error}; correct that line"]


def _override(data: dict[str, Any], env: Mapping[str, str]) -> list[str]:
    """Let the environment override `data`; returns the problems in doing so."""
    problems = []
    known = _variables()
    for name in sorted(name for name in env if name.startswith(PREFIX)):
        if name not in known:
            sensors = "unset it; sensors are set in the file only"
            hint = sensors if name.startswith(f"{PREFIX}SENSOR") else closest(name, known) or "unset it"
            problems.append(f"environment {name}: no such setting; {hint}")
            continue
        *tables, key = known[name]
        place = data
        for table in tables:
            place = place.setdefault(table, {})
        if not env[name].isprintable():
            problems.append(f"environment {name}: holds what is no printable text; set it again")
        elif isinstance(place, dict):
            place[key] = env[name]
    if "STATE_DIRECTORY" in env:
        data.setdefault("state_dir", env["STATE_DIRECTORY"].split(":")[0])
    _add_credentials(data.get("mqtt"), Path(env.get("CREDENTIALS_DIRECTORY", "/nonexistent")))
    return problems


def _add_credentials(mqtt: Any, folder: Path) -> None:
    """What systemd hands over stands in for what the file does not name, where it is of use."""
    if not isinstance(mqtt, dict):
        return
    credentials = {"password_file": "mqtt-password"} if "username" in mqtt else {}
    if str(mqtt.get("url")).startswith("mqtts:"):
        credentials |= {"cert_file": "mqtt-cert.pem", "key_file": "mqtt-key.pem"}
    for key, name in credentials.items():
        if key not in mqtt and _is_there(folder / name):
            mqtt[key] = str(folder / name)


def _is_there(path: Path) -> bool:
    """Whether a file is there, or may be: one that cannot be looked for is told of when it is read."""
    try:
        return path.stat() is not None
    except PermissionError:
        return True
    except OSError:
        return False


def _variables() -> dict[str, tuple[str, ...]]:
    """Every variable of the environment that is a setting, and where it stands."""
    variables: dict[str, tuple[str, ...]] = {}
    for name, field in Settings.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Strict):
            keys = [part.alias or key for key, part in inner.model_fields.items()]
            variables.update({f"{PREFIX}{name}__{key}".upper(): (name, key) for key in keys})
        elif name != "sensor":
            variables[f"{PREFIX}{name}".upper()] = (name,)
    return variables


def _sensors(data: dict[str, Any]) -> list[Any]:
    sensors = data.get("sensor")
    return sensors if isinstance(sensors, list) else []


def _twice(data: dict[str, Any]) -> list[str]:
    names = [raw.get("name") for raw in _sensors(data) if isinstance(raw, dict) and isinstance(raw.get("name"), str)]
    return [
        f"[[sensor]] name = {name!r} stands {names.count(name)} times; give each sensor a name of its own"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
