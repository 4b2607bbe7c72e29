"""Trained models from run folders and `.keras` files, whichever backend wrote them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from zoo import backends
from zoo.errors import RunError
from zoo.registry import TABLE, Row

if TYPE_CHECKING:
    from zoo.model import GenerativeModel


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
    import keras

    row = _row_of(path)
    row.load()
    try:
        return keras.saving.load_model(path)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(f"{path} cannot be loaded: {first}") from error


def _load_run(path: Path) -> GenerativeModel:
    from zoo.training.checkpoint import Checkpoints
    from zoo.training.run_folder import read_run
    from zoo.training.set_aside import left_aside

    if (path / "model.keras").is_file():
        return load(path / "model.keras")
    if older := left_aside(path):
        raise RunError(
            f"The run of {path} was set aside by a process that was killed while it replaced it: "
            f"it lies in {older[-1]}. Accepted: zoo train with --resume, which puts it back."
        )
    description = read_run(path)
    row = _row_of_class(description["model"]["class"], path)
    try:
        model = row.load()(**description["model"]["settings"])
    except (ValueError, TypeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(f"The settings of {path} make no model: {first}") from error
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
