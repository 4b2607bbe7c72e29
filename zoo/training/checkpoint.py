"""Checkpoints: every weight, every optimizer slot and the run's progress, in one file.

The arrays are NumPy's, in the order of the model's and its optimizers' variables, so a checkpoint
of one backend is read by another.
"""

import json
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np

from zoo.errors import DivergenceError, RunError
from zoo.files import write_atomically
from zoo.model import GenerativeModel
from zoo.training.progress import Progress
from zoo.training.step import all_variables

KEPT = 2


class Checkpoints:
    """The checkpoints of one run, the newest of which are kept.

    Args:
        folder: Where they lie; made with the first one.
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
                    f"The weight {variable.path!r} is not finite after step {progress.step}."
                )
        progress_json = np.frombuffer(json.dumps(progress.to_json()).encode(), dtype="uint8")

        def write(file: BinaryIO) -> None:
            np.savez(file, progress=progress_json, **arrays)  # type: ignore[arg-type]

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"step-{progress.step:09d}.npz"
        write_atomically(path, write)
        for old in self.paths()[:-KEPT]:
            old.unlink()
        return path

    def paths(self) -> list[Path]:
        """The checkpoints, oldest first."""
        return sorted(self.folder.glob("step-*.npz"))

    def restore(self) -> Progress | None:
        """Restores the newest intact checkpoint; None where there is none.

        A damaged one is named in a warning, and the one before it is used.

        Raises:
            RunError: All are damaged, or one belongs to another model.
        """
        paths = self.paths()
        for path in reversed(paths):
            try:
                arrays = _read(path)
            except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as e:
                warnings.warn(f"Checkpoint {path} is damaged ({e}).", stacklevel=2)
                continue
            return self._assign(path, arrays)
        if paths:
            raise RunError(f"No checkpoint in {self.folder} is intact. Received: {len(paths)}.")
        return None

    def _assign(self, path: Path, arrays: dict[str, np.ndarray]) -> Progress:
        progress = Progress(**json.loads(arrays.pop("progress").tobytes()))
        variables = all_variables(self.model)
        shapes = [tuple(variable.shape) for variable in variables]
        received = [array.shape for array in arrays.values()]
        if shapes != received:
            raise RunError(
                f"A checkpoint belongs to its model. Received: {path} with {len(received)} arrays, "
                f"where {type(self.model).__name__} has {len(shapes)} of other shapes."
            )
        for variable, array in zip(variables, arrays.values(), strict=True):
            variable.assign(array)
        return progress


def _read(path: Path) -> dict[str, Any]:
    """All arrays of a checkpoint; the archive's checksums tell a torn or altered one."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
