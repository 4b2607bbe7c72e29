"""Checkpoints: every weight, every optimizer slot and the run's progress, in one file.

The arrays are NumPy's, in the order of the model's and its optimizers' variables, so a checkpoint
of one backend is read by another.
"""

import json
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np

from zoo.errors import DivergenceError, RunError
from zoo.files import UNREADABLE, write_atomically
from zoo.model import GenerativeModel
from zoo.training.progress import Progress
from zoo.training.step import all_variables

KEPT = 2
START = f"step-{0:09d}"
"""The weights that a run began with: kept until there is another checkpoint."""


class Checkpoints:
    """The checkpoints of one run, the newest of which are kept.

    Args:
        folder: The folder of the checkpoints; made with the first one.
        model: The model that is saved and restored.
    """

    def __init__(self, folder: Path, model: GenerativeModel) -> None:
        self.folder = folder
        self.model = model

    def save(self, progress: Progress) -> Path:
        """Writes a checkpoint beside the others and removes the oldest.

        Raises:
            DivergenceError: A weight is NaN or infinite; nothing is written.
            TargetError: The folder cannot be written to.
        """
        variables = all_variables(self.model)
        arrays = {
            f"{i:05d}": np.asarray(keras.ops.convert_to_numpy(v)) for i, v in enumerate(variables)
        }
        for variable, array in zip(variables, arrays.values(), strict=True):
            if not np.isfinite(array).all():
                raise DivergenceError(
                    f"The weight {variable.path!r} is not finite after step {progress.step}. "
                    f"{self.model.remedy}"
                )
        progress_json = np.frombuffer(json.dumps(progress.to_json()).encode(), dtype="uint8")

        def write(file: BinaryIO) -> None:
            np.savez(file, progress=progress_json, **arrays)  # type: ignore[arg-type]

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"step-{progress.step:09d}.npz"
        write_atomically(path, write)
        kept = [other for other in self.paths() if other.stem != START or progress.step == 0]
        for old in set(self.paths()) - set(kept[-KEPT:]):
            old.unlink()
        return path

    def paths(self) -> list[Path]:
        """The checkpoints, oldest first."""
        return paths_in(self.folder)

    def restore(self) -> Progress | None:
        """Restores the newest intact checkpoint; None where there is none.

        A damaged one, or one of other weights, is named in a warning, and the one before it is
        used.

        Raises:
            RunError: All are damaged, or belong to another model.
        """
        paths = self.paths()
        belonging = []
        for path in reversed(paths):
            try:
                progress, arrays = _read(path)
            except UNREADABLE as e:
                warnings.warn(f"Checkpoint {path} is damaged ({e}).", stacklevel=2)
                continue
            if problem := self._problem(arrays):
                belonging.append(f"{path} {problem}")
                continue
            for other in belonging:
                warnings.warn(f"Checkpoint {other}.", stacklevel=2)
            for variable, array in zip(all_variables(self.model), arrays, strict=True):
                variable.assign(array)
            return progress
        if belonging:
            raise RunError(f"A checkpoint belongs to its model. Received: {belonging[0]}.")
        if paths:
            raise RunError(f"No checkpoint in {self.folder} is intact. Received: {len(paths)}.")
        return None

    def _problem(self, arrays: list[np.ndarray]) -> str | None:
        """In what the arrays differ from the model's variables; None where they fit."""
        shapes = [tuple(variable.shape) for variable in all_variables(self.model)]
        name = type(self.model).__name__
        if len(shapes) != len(arrays):
            return f"has {len(arrays)} arrays, where {name} has {len(shapes)}"
        for index, (shape, array) in enumerate(zip(shapes, arrays, strict=True)):
            if shape != array.shape:
                return f"has {array.shape} as array {index}, where {name} has {shape}"
        return None


def paths_in(folder: Path) -> list[Path]:
    """The checkpoints of a folder, oldest first."""
    return sorted(folder.glob(f"step-{'[0-9]' * 9}.npz"))


def got_on(folder: Path) -> bool:
    """Whether a folder holds a checkpoint of a later step than the start."""
    return any(path.stem != START for path in paths_in(folder))


def _read(path: Path) -> tuple[Progress, list[np.ndarray]]:
    """The progress and all arrays; truncated or corrupted archives fail their checksums.

    Raises:
        ValueError: The contents are not a checkpoint's.
    """
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        found: dict[str, Any] = {name: archive[name] for name in archive.files}
    if not all(isinstance(array, np.ndarray) for array in found.values()):
        raise ValueError("a member is no array")  # NumPy gives the bytes of what is none.
    progress = Progress.from_json(json.loads(found.pop("progress").tobytes()))
    if sorted(found) != [f"{i:05d}" for i in range(len(found))]:
        raise ValueError("its arrays are not numbered in turn")
    arrays = [found[name] for name in sorted(found)]
    if any(array.dtype.kind not in "fiub" for array in arrays):
        raise ValueError("its arrays are not numbers")
    return progress, arrays
