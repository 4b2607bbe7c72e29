"""A run's folder: its settings, log, samples, checkpoints and trained model."""

import json
import shutil
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import filelock
import keras

from zoo import __version__, backends
from zoo.data import Data
from zoo.errors import RunError, TargetError
from zoo.files import replacing, write_atomically
from zoo.imports import target_of
from zoo.model import GenerativeModel
from zoo.training.callbacks import LogLines, SampleGrids
from zoo.training.checkpoint import Checkpoints
from zoo.training.progress import Progress

CHECKPOINT_SECONDS = 60.0
LOCK = ".lock"
OWN = {"run.json", "log.jsonl", "model.keras", "checkpoints", "samples", LOCK}
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
        self._lock = filelock.FileLock(self.path / LOCK, timeout=0)
        self._aside: Path | None = None

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
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"A run goes into a folder. Received: {self.path}, which is a file.")
        self._acquire()
        present = {entry.name for entry in self.path.iterdir()} - {LOCK}
        if resume and present:
            return self._resume(data, training)
        if present and not overwrite:
            raise RunError(
                f"A run folder is new or empty. Received: {self.path}, which holds files. "
                "Accepted: another folder, --resume (resume=True) or --overwrite (overwrite=True)."
            )
        if present:
            self._set_aside(present)
        self._write_description(data, training)
        return Progress()

    def _acquire(self) -> None:
        """Takes the folder for this process; the system gives it back when the process ends."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except filelock.Timeout:
            raise RunError(
                f"One training at a time uses a run folder. Received: {self.path}, in use."
            ) from None
        except OSError as error:
            raise TargetError(f"Cannot write {self.path}: {error.strerror or error}.") from error

    def _set_aside(self, present: set[str]) -> None:
        """Moves an older run out of the way until the new one has a checkpoint."""
        if foreign := sorted(present - OWN):
            raise RunError(
                f"Only a run may be overwritten. Received: {self.path}, which also holds "
                f"{', '.join(foreign[:3])}. Accepted: another folder."
            )
        read_run(self.path)
        prefix = f".{self.path.name}.replaced."
        self._aside = Path(tempfile.mkdtemp(prefix=prefix, dir=self.path.resolve().parent))
        for name in present:
            (self.path / name).rename(self._aside / name)

    def release(self) -> None:
        """Gives the folder back; an older run returns if the new one left no checkpoint."""
        if self._aside is not None:
            for name in OWN - {LOCK}:
                _remove(self.path / name)
            for entry in self._aside.iterdir():
                entry.rename(self.path / entry.name)
            self._drop_older()
        self._lock.release()

    def _drop_older(self) -> None:
        if self._aside is not None:
            shutil.rmtree(self._aside)
            self._aside = None

    def _resume(self, data: Data, training: dict[str, Any]) -> Progress:
        before = read_run(self.path)
        own = {"class": type(self.model).__name__} | _jsonable(self.model.get_config())
        recorded = {"class": before["model"]["class"]} | before["model"]["settings"]
        _check_same("settings", recorded, own)
        for name in ("batch_size", "seed"):
            _check_same("training", {name: before["training"][name]}, {name: training[name]})
        _check_same("data", _identity(before["data"]), _identity(data.description))
        progress = self.checkpoints.restore() or Progress()
        (self.path / "model.keras").unlink(missing_ok=True)  # Older than what training makes now.
        drop_lines_after(self.path / "log.jsonl", progress.step)
        if before["training"] != training:  # A run that is extended goes on to its new end.
            description = before | {"training": training}
            write_atomically(self.path / "run.json", json.dumps(description, indent=2) + "\n")
        return progress

    def _write_description(self, data: Data, training: dict[str, Any]) -> None:
        model = self.model
        description = {
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
        self._drop_older()
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
        found = json.loads((path / "run.json").read_text())
    except FileNotFoundError:
        raise RunError(f"A run folder holds run.json. Received: {path}") from None
    except (OSError, ValueError) as error:
        raise RunError(f"run.json of {path} cannot be read: {error}") from None
    if not isinstance(found, dict) or not {"model", "training", "versions"} <= set(found):
        raise RunError(f"A run folder holds run.json. Received: {path}, whose is not a run's.")
    return found


def _check_same(what: str, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuses to resume a run with something else than it had, naming only what differs."""
    different = [name for name in before | now if before.get(name) != now.get(name)]
    if different:
        received = ", ".join(f"{name}={now.get(name)}" for name in different)
        accepted = ", ".join(f"{name}={before.get(name)}" for name in different)
        raise RunError(
            f"A run is resumed with its own {what}. Received: {received}. Accepted: {accepted}."
        )


def _identity(description: dict[str, Any]) -> dict[str, Any]:
    """What tells data apart, of all that is known about them: each field's hash, and sizes."""
    found = {name: description.get(name) for name in ("hash", "count", "shape")}
    for name, field in description.get("fields", {}).items():
        found[f"{name}.hash"] = field["hash"]
    for name, stream in description.get("streams", {}).items():
        found |= {f"{name}.{key}": value for key, value in _identity(stream).items()}
    return found


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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
