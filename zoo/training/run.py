"""A run's folder: its settings, log, samples, checkpoints and trained model."""

import json
import shutil
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import keras

from zoo import __version__, backends
from zoo.data import Data
from zoo.errors import RunError
from zoo.files import replacing, write_atomically
from zoo.model import GenerativeModel
from zoo.training.callbacks import LogLines, SampleGrids
from zoo.training.checkpoint import Checkpoints
from zoo.training.progress import Progress

CHECKPOINT_SECONDS = 60.0
PACKAGES = ("keras", "numpy", "tensorflow", "tensorflow-cpu", "torch", "jax")


class RunFolder:
    """A folder that holds one training run.

    - `run.json`: model, settings, training, data with its hash, seed, versions, backend, device;
    - `log.jsonl`: one line an epoch;
    - `samples/`: a picture an epoch;
    - `checkpoints/`: the newest two, one each epoch and each minute;
    - `model.keras`: the trained model.

    Args:
        path: The folder; made when training starts.
        details: More entries for `run.json`, such as the name of the model.
        samples: Whether pictures are drawn.
    """

    def __init__(
        self, path: str | Path, *, details: dict[str, Any] | None = None, samples: bool = True
    ) -> None:
        self.path = Path(path)
        self.details = details or {}
        self.samples = samples
        self._due = 0.0

    def open(
        self,
        model: GenerativeModel,
        data: Data,
        training: dict[str, Any],
        *,
        resume: bool,
        overwrite: bool,
    ) -> Progress:
        """Makes the folder, or finds where an existing run stands.

        Raises:
            RunError: The folder is in use, holds something else, or nothing to resume.
        """
        self.model = model
        self.checkpoints = Checkpoints(self.path / "checkpoints", model)
        self._due = time.monotonic() + CHECKPOINT_SECONDS
        exists = self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir()))
        if resume and exists:
            return self._resume(data, training)
        if exists and not overwrite:
            raise RunError(
                f"A run folder is new or empty. Received: {self.path}, which holds files. "
                "Accepted: another folder, --resume (resume=True) or --overwrite (overwrite=True)."
            )
        if exists:
            self._remove()
        self._write_description(data, training)
        return Progress()

    def _remove(self) -> None:
        if not (self.path / "run.json").is_file():
            raise RunError(
                f"Only a run may be overwritten. Received: {self.path} without run.json."
            )
        shutil.rmtree(self.path)

    def _resume(self, data: Data, training: dict[str, Any]) -> Progress:
        before = read_run(self.path)
        if before["model"]["settings"] != _jsonable(self.model.settings):
            raise RunError(
                f"A run is resumed with its own settings. Received: {self.model.settings}. "
                f"Accepted: {before['model']['settings']}"
            )
        for name in ("batch_size", "seed"):
            if before["training"][name] != training[name]:
                raise RunError(
                    f"A run is resumed with its own {name}. Received: {training[name]}. "
                    f"Accepted: {before['training'][name]}"
                )
        if before["data"]["hash"] != data.description["hash"]:
            raise RunError(
                f"A run is resumed with its own data. Received: {data.description}. "
                f"Accepted: {before['data']}"
            )
        progress = self.checkpoints.restore() or Progress()
        (self.path / "model.keras").unlink(missing_ok=True)  # Older than what training makes now.
        drop_lines_after(self.path / "log.jsonl", progress.step)
        return progress

    def _write_description(self, data: Data, training: dict[str, Any]) -> None:
        model = self.model
        description = {
            "model": {"class": type(model).__name__, "settings": model.settings},
            "training": training,
            "data": data.description,
            "value_range": model.value_range,
            "class_names": data.class_names,
            "seed": training["seed"],
            "backend": keras.config.backend(),
            "device": backends.current().device(),
            "versions": {"genzoo": __version__} | _versions(),
        }
        text = json.dumps(_jsonable(self.details | description), indent=2) + "\n"
        write_atomically(self.path / "run.json", text)

    def callbacks(self, data: Data, progress: Progress) -> list[keras.callbacks.Callback]:
        """The callbacks that write the log and the pictures."""
        found: list[keras.callbacks.Callback] = [LogLines(self.path / "log.jsonl", progress)]
        if self.samples:
            found.append(SampleGrids(self.path / "samples", data))
        return found

    def checkpoint(self, progress: Progress) -> None:
        """Writes a checkpoint."""
        self.checkpoints.save(progress)
        self._due = time.monotonic() + CHECKPOINT_SECONDS

    def checkpoint_if_due(self, progress: Progress) -> None:
        """Writes a checkpoint if the last one is a minute old."""
        if time.monotonic() >= self._due:
            self.checkpoint(progress)

    def close(self, progress: Progress) -> None:
        """Writes the last checkpoint and the trained model."""
        self.checkpoint(progress)
        save_model(self.model, self.path / "model.keras")


def save_model(model: GenerativeModel, path: Path) -> None:
    """Saves a `.keras` file beside its place, then renames it."""
    with replacing(path) as temporary:
        model.save(temporary)


def read_run(path: Path) -> dict[str, Any]:
    """The contents of a run's `run.json`.

    Raises:
        RunError: There is none, or it cannot be read.
    """
    try:
        return json.loads((path / "run.json").read_text())
    except FileNotFoundError:
        raise RunError(f"A run folder holds run.json. Received: {path}") from None
    except (OSError, ValueError) as error:
        raise RunError(f"run.json of {path} cannot be read: {error}") from None


def drop_lines_after(path: Path, step: int) -> None:
    """Removes the lines of a log that a resumed run will write again."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text().splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (ValueError, KeyError):
            break  # A torn last line: the run was killed while writing it.
    write_atomically(path, "".join(kept))


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _jsonable(value: Any) -> Any:
    """The value as JSON gives it back: tuples become lists."""
    return json.loads(json.dumps(value))
