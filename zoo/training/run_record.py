"""The description of a run, `run.json`: written, read, checked, and compared on resuming."""

import json
import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import keras

from zoo import __version__, backends
from zoo.data import Data
from zoo.errors import RunError
from zoo.model import GenerativeModel
from zoo.registry.classes import target_of

PACKAGES = ("keras", "numpy", "tensorflow", "tensorflow-cpu", "torch", "jax")


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds) and (bool in kinds or value is not True)


NUMBER_OR_NONE = _is(int, type(None))
CONTENTS: dict[str, Callable[[Any], bool]] = {
    "model": _is(dict),
    "model.class": _is(str),
    "model.settings": _is(dict),
    "training": _is(dict),
    "training.batch_size": _is(int),
    "training.seed": _is(int),
    "training.epochs": NUMBER_OR_NONE,
    "training.steps": NUMBER_OR_NONE,
    "data": _is(dict),
    "versions": _is(dict),
}
"""The entries that a run's `run.json` has, and what each must be."""
OPTIONAL: dict[str, Callable[[Any], bool]] = {
    "training.every": _is(int),
    "name": _is(str),
    "source": _is(dict),
    "class_names": _is(list, type(None)),
    "value_range": _is(list, type(None)),
    "model.target": _is(str),
    "data.hash": _is(str, type(None)),
    "data.count": _is(int, type(None)),
    "data.shape": _is(list),
    "data.fields": _is(dict),
    "data.streams": _is(dict),
}


def read_run(path: Path) -> dict[str, Any]:
    """The contents of a run's `run.json`.

    Raises:
        RunError: There is none, or it cannot be read, or it is not a run's.
    """
    try:
        found = json.loads((path / "run.json").read_text())
    except FileNotFoundError:
        raise RunError(f"A run folder holds run.json. Received: {path}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"run.json of {path} cannot be read: {error}") from None
    for name, accepts in (CONTENTS | OPTIONAL).items():
        value: Any = found
        for key in name.split("."):
            value = value.get(key, ...) if isinstance(value, dict) else ...
        if value is ... and name in OPTIONAL:
            continue
        if value is ... or not accepts(value):
            received = "nothing" if value is ... else f"{value!r:.60}"
            raise RunError(
                f"A run folder holds run.json. Received: {path}, whose is not a run's: "
                f"{name} is {received}."
            )
    return found


def describe_run(model: GenerativeModel, data: Data, training: dict[str, Any]) -> dict[str, Any]:
    """The description of a run that starts now."""
    return jsonable(
        {
            "model": {
                "class": type(model).__name__,
                "target": target_of(type(model)),
                "settings": model.get_config(),
            },
            "training": training,
            "data": data.description,
            "value_range": model.value_range,
            "class_names": data.class_names,
            "seed": training["seed"],
            "backend": keras.config.backend(),
            "device": backends.current().device(),
            "versions": {"genzoo": __version__} | _versions(),
        }
    )


def check_resumes(
    before: dict[str, Any], model: GenerativeModel, data: Data, training: dict[str, Any]
) -> None:
    """Checks that a run goes on as it began: its settings, batches and data.

    Learning rates may be others; so may the run's end.

    Raises:
        RunError: Something else differs.
    """
    own = {"class": type(model).__name__} | fixed(jsonable(model.get_config()))
    recorded = {"class": before["model"]["class"]} | fixed(before["model"]["settings"])
    _check_same("settings", recorded, own)
    for name in ("batch_size", "seed"):
        _check_same("training", {name: before["training"][name]}, {name: training[name]})
    _check_same("data", _identity(before["data"]), _identity(jsonable(data.description)))


def fixed(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that a resumed run keeps: all but its learning rates."""
    return {name: v for name, v in settings.items() if not name.endswith("learning_rate")}


def comparable(setting: Any) -> Any:
    """A setting without what differs from process to process: the names Keras counts up.

    A network's layers are numbered in their order instead, wherever it names them.
    """
    if not (isinstance(setting, dict) and "class_name" in setting):
        return setting
    names: dict[str, str] = {}

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("name"), str):
                plain = re.sub(r"_\d+$", "", value["name"])
                names.setdefault(value["name"], f"{plain} {len(names)}")
            value = list(value.values())
        for inner in value if isinstance(value, list) else ():
            collect(inner)

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {k: v for k, v in value.items() if k != "shared_object_id"}
            return {key: renamed(inner) for key, inner in kept.items()}
        if isinstance(value, list):
            return [renamed(inner) for inner in value]
        return names.get(value, value) if isinstance(value, str) else value

    collect(setting)
    return renamed(setting)


def _in_short(value: Any) -> str:
    """A setting for a message; of a network or an optimizer, its class."""
    if isinstance(value, dict) and "class_name" in value:
        return f"another {value['class_name']}"
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def learning_rates(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that a resumed run may change."""
    return {name: v for name, v in settings.items() if name.endswith("learning_rate")}


def _check_same(what: str, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Checks that nothing differs from what a run had, naming only what does."""
    different = [
        name for name in before | now if comparable(before.get(name)) != comparable(now.get(name))
    ]
    if different:
        received = ", ".join(f"{name}={_in_short(now.get(name))}" for name in different)
        accepted = ", ".join(f"{name}={_in_short(before.get(name))}" for name in different)
        raise RunError(
            f"A run is resumed with its own {what}. Received: {received}. Accepted: {accepted}."
        )


def _identity(description: dict[str, Any]) -> dict[str, Any]:
    """The part of a description that tells data apart: each field's hash, and sizes."""
    found = {name: description.get(name) for name in ("hash", "count", "shape")}
    for name, field in description.get("fields", {}).items():
        found[f"{name}.hash"] = field["hash"]
    for name, stream in description.get("streams", {}).items():
        found |= {f"{name}.{key}": value for key, value in _identity(stream).items()}
    return found


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def jsonable(value: Any) -> Any:
    """The value as JSON gives it back: tuples become lists."""
    return json.loads(json.dumps(value))
