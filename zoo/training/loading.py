"""Trained models from run folders and `.keras` files, whichever backend wrote them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import backends
from zoo.errors import RunError
from zoo.registry import TABLE, Row

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
    """Loads a trained model from a run folder or a `.keras` file.

    A run that has not finished is loaded as of its last checkpoint.

    Raises:
        RunError: There is no model, or it cannot be read.
    """
    path = Path(path)
    backends.choose()
    if path.is_dir():
        return _load_run(path)
    if not path.is_file():
        raise RunError(f"A model is a run folder or a .keras file. Received: {path}, not found.")
    row = _row_of(path)
    row.load()
    return _read(path)


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
    """What a `.keras` file holds, in which older files name layers as they were called then."""
    import keras

    former = {f"genzoo>{name}": getattr(keras.layers, name) for name in FORMER_LAYERS}
    try:
        with keras.saving.custom_object_scope(former):
            return keras.saving.load_model(path)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(f"{path} cannot be loaded: {first}") from error


def _load_run(path: Path) -> GenerativeModel:
    from zoo.training.checkpoint import Checkpoints
    from zoo.training.run_folder import read_run

    if (path / "model.keras").is_file():
        return load(path / "model.keras")
    description = read_run(path)
    row = _row_of_class(description["model"]["class"], path)
    model = row.load()(**description["model"]["settings"])
    if Checkpoints(path / "checkpoints", model).restore() is None:
        raise RunError(f"A run holds a model or a checkpoint. Received: {path} with neither.")
    return model


def _row_of(path: Path) -> Row:
    """The registry's row of a `.keras` file's class."""
    try:
        with zipfile.ZipFile(path) as archive:
            name = json.loads(archive.read("config.json"))["class_name"]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RunError(f"{path} is not a .keras file: {error}") from error
    return _row_of_class(name, path)


def _row_of_class(name: str, path: Path) -> Row:
    for row in TABLE.values():
        if row.target.rpartition(".")[2] == name:
            return row
    raise RunError(f"{path} holds a model of this zoo. Received: the class {name!r}.")
