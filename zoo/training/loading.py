"""Trained models from run folders and `.keras` files, whichever backend wrote them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import backends
from zoo.errors import ModelError, RunError
from zoo.files import UNREADABLE
from zoo.pretrained import MODEL, available, find
from zoo.registry.classes import load_class

if TYPE_CHECKING:
    import keras

    from zoo.model import GenerativeModel

# Classes of the package `genzoo` in older files that are layers of Keras by the same name.
FORMER_LAYERS = (
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "MaxPooling1D",
    "MaxPooling2D",
)


def load(path: str | Path) -> GenerativeModel:
    """Loads a trained model from a run folder or a `.keras` file, or one that is pretrained.

    A run that has not finished is loaded as of its last checkpoint.

    Args:
        path: Of the run or the file; or a name of `zoo list --pretrained`, such as "vae/digits".

    Raises:
        RunError: There is no model, or it cannot be read.
    """
    pretrained = find(path)
    path = Path(path) if pretrained is None else pretrained / MODEL
    backends.choose()
    if path.is_dir():
        return _load_run(path)
    if not path.is_file():
        known = ", ".join(available())
        raise RunError(
            f"A model is a run folder or a .keras file. Received: {path}, not found. "
            f"Pretrained: {known or 'none'}."
        )
    _import_class(path)
    return _read(path)


def copy_weights(model: GenerativeModel, source: str | Path | GenerativeModel) -> None:
    """Gives a model the weights of a trained one of the same architecture, to train it further.

    Where the trained model keeps an average, its averaged weights are taken.

    Args:
        model: The model to initialize.
        source: A run, a `.keras` file, or a model.

    Raises:
        RunError: The weights have other names or shapes.
    """
    import keras

    trained = load(source) if isinstance(source, str | Path) else source
    with trained.averaged_weights():
        values = [keras.ops.convert_to_numpy(v).copy() for v in _architecture(trained)]
    own = _architecture(model)
    if [v.shape for v in own] != [value.shape for value in values]:
        raise RunError(
            f"A model starts from the weights of its own architecture. Received: {source}, with "
            f"{len(values)} arrays, where {type(model).__name__} has {len(own)} of other shapes."
        )
    for variable, value in zip(own, values, strict=True):
        variable.assign(value)


def _architecture(model: GenerativeModel) -> list[keras.Variable]:
    """The weights of the networks, without the count of steps and averages."""
    kept = [model.steps, *(model.average.weights if model.ema is not None else ())]
    skipped = {id(variable) for variable in kept}
    return [variable for variable in model.weights if id(variable) not in skipped]


def load_network(path: str | Path) -> keras.Model:
    """Loads a network that was saved by itself, such as `model.encoder.save("encoder.keras")`.

    Where all its layers are Keras's, `keras.saving.load_model` loads it too, without this package.

    Raises:
        RunError: There is no network, or it cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        raise RunError(f"A network is a .keras file. Received: {path}, not found.")
    backends.choose()
    import zoo.layers  # noqa: F401  registers the layers by which a file names them

    return _read(path)


def _read(path: Path) -> Any:
    """The content of a `.keras` file; older files name layers as they were called then."""
    import keras

    former = {f"genzoo>{name}": getattr(keras.layers, name) for name in FORMER_LAYERS}
    try:
        with keras.saving.custom_object_scope(former):
            return keras.saving.load_model(path)
    except UNREADABLE as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(f"{path} cannot be loaded: {first}") from error


def _load_run(path: Path) -> GenerativeModel:
    from zoo.training.checkpoint import Checkpoints
    from zoo.training.run_folder import read_run
    from zoo.training.set_aside import left_aside

    if not (path / "model.keras").is_file() and (older := left_aside(path)):
        raise RunError(
            f"The run of {path} was set aside by a process that was killed while it replaced it: "
            f"it lies in {older[-1]}. Accepted: zoo train with --resume, which puts it back."
        )
    description = read_run(path)
    cls = class_of(description["model"], path)
    if (path / "model.keras").is_file():
        return _read(path / "model.keras")
    model = model_of(cls, description["model"], path)
    if Checkpoints(path / "checkpoints", model).restore() is None:
        raise RunError(f"A run holds a model or a checkpoint. Received: {path} with neither.")
    return model


def class_of(description: Mapping[str, Any], path: Path) -> type[GenerativeModel]:
    """The class that a run's description names.

    Raises:
        RunError: The run is an older version's, or the class cannot be found.
    """
    if "target" not in description:
        raise RunError(
            f"A run is one of genzoo 0.2 or later. Received: {path}, of an older version, whose "
            "models had other networks. Accepted: a run trained anew."
        )
    try:
        return load_class(description["target"])
    except (ModelError, ImportError) as error:
        raise RunError(f"The model of {path} cannot be loaded: {error}") from error


def model_of(
    cls: type[GenerativeModel], description: Mapping[str, Any], path: Path
) -> GenerativeModel:
    """An untrained model with the settings that a run's description tells.

    Raises:
        RunError: The settings are not the class's.
    """
    try:
        return cls.from_config(description["settings"])
    except (ModelError, TypeError, ValueError) as error:
        raise RunError(f"The settings of {path} cannot be used: {error}") from error


def _import_class(path: Path) -> None:
    """Imports the class of a `.keras` file, so that Keras finds it.

    Raises:
        RunError: The file is no model of this package.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            module, name = config["module"], config["class_name"]
    except UNREADABLE as error:
        raise RunError(f"{path} is not a .keras file: {error}") from error
    beside = path.parent / "run.json"
    try:
        target = json.loads(beside.read_text())["model"]["target"] if beside.is_file() else None
    except (OSError, KeyError, TypeError, ValueError):
        target = None
    try:
        load_class(target or f"{module}:{name}")
    except (ModelError, ImportError) as error:
        raise RunError(
            f"The model of {path} cannot be loaded: {error} Accepted: import its class first."
        ) from error
