"""A run on disk: its description, log, pictures, checkpoints and trained model."""

import json
import time
import warnings
from pathlib import Path
from typing import Any

import filelock
import keras

from zoo.data import Data
from zoo.errors import RunError, TargetError
from zoo.files import replacing, temporaries, write_atomically
from zoo.model import GenerativeModel
from zoo.model.optimizers import number_rate
from zoo.training.callbacks import save_picture
from zoo.training.checkpoint import Checkpoints, got_on
from zoo.training.progress import Progress
from zoo.training.run_log import RunLog
from zoo.training.run_record import (
    check_resumes,
    describe_run,
    jsonable,
    learning_rates,
    read_run,
)
from zoo.training.set_aside import SetAside, left_aside

__all__ = ["RunFolder", "read_run", "save_model"]

CHECKPOINT_SECONDS = 60.0
LOCK = ".lock"
OWN = {"run.json", "log.jsonl", "model.keras", "checkpoints", "samples"}


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
        every: Also writes a log line, a checkpoint and a picture every so many steps.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        details: dict[str, Any] | None = None,
        samples: bool = True,
        every: int | None = None,
    ) -> None:
        if every is not None and every < 1:
            raise RunError(f"every is at least 1 step. Received: {every}")
        self.path = Path(path)
        self.details = details or {}
        self.samples = samples
        self.every = every
        self._due = 0.0
        self._lock = filelock.FileLock(self.path / LOCK, timeout=0)
        self._older = SetAside(self.path, OWN)
        self._log = RunLog(self.path / "log.jsonl")

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
        self.data = data
        self.checkpoints = Checkpoints(self.path / "checkpoints", model)
        self._due = time.monotonic() + CHECKPOINT_SECONDS
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"A run goes into a folder. Received: {self.path}, which is a file.")
        self._acquire()
        self._clean()
        present = {entry.name for entry in self.path.iterdir()} - {LOCK}
        training = training | ({} if self.every is None else {"every": self.every})
        if resume and present:
            return self._resume(training)
        if present and not overwrite:
            raise RunError(
                f"A run folder is new or empty. Received: {self.path}, which holds files. "
                "Accepted: another folder, --resume (resume=True) or --overwrite (overwrite=True)."
            )
        if present:
            self._set_aside(present)
        progress = Progress(start=int(keras.ops.convert_to_numpy(model.steps)))
        self._write_record(describe_run(model, data, training))
        self.checkpoints.save(progress)  # Weights may come from elsewhere than the seed.
        return progress

    def settle(self) -> None:
        """Brings a run that a killed process had set aside back, before its description is read.

        Raises:
            RunError: The folder is in use.
        """
        if (self.path / "run.json").is_file() or left_aside(self.path):
            self._acquire()
            try:
                self._clean()
            finally:
                self._lock.release()

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

    def _clean(self) -> None:
        """Removes what killed processes were writing, and settles an older run set aside."""
        left = temporaries(self.path, r"run\.json", r"log\.jsonl", r"model\.keras")
        left += temporaries(self.path / "checkpoints", r"step-\d+\.npz")
        left += temporaries(self.path / "samples", r"(epoch|step)-\d+\.(png|txt|csv)")
        for file in left:
            file.unlink()
        self._older.recover(got_on=got_on(self.path / "checkpoints"))

    def _set_aside(self, present: set[str]) -> None:
        """Moves an older run out of the way until the new one has a checkpoint."""
        if foreign := sorted(present - OWN):
            raise RunError(
                f"Only a run may be overwritten. Received: {self.path}, which also holds "
                f"{', '.join(foreign[:3])}. Accepted: another folder."
            )
        read_run(self.path)
        self._older.move(present)

    def release(self) -> None:
        """Gives the folder back; an older run returns if the new one left no checkpoint."""
        self._older.put_back()
        self._lock.release()

    def _resume(self, training: dict[str, Any]) -> Progress:
        before = read_run(self.path)
        check_resumes(before, self.model, self.data, training)
        rates = [number_rate(optimizer) for optimizer in self.model.optimizers]
        progress = self.checkpoints.restore() or Progress()
        settings = jsonable(self.model.get_config())
        if learning_rates(before["model"]["settings"]) != learning_rates(settings):
            for optimizer, rate in zip(self.model.optimizers, rates, strict=True):
                if rate is not None:
                    optimizer.learning_rate = rate
        (self.path / "model.keras").unlink(missing_ok=True)  # Older than what training makes now.
        self._log.drop_after(progress.step)
        now = before | {"training": training, "model": before["model"] | {"settings": settings}}
        if before != now:  # A run that is extended goes on to its new end.
            self._write_record(now)
        return progress

    def _write_record(self, record: dict[str, Any]) -> None:
        text = json.dumps(jsonable(self.details) | record, indent=2) + "\n"
        write_atomically(self.path / "run.json", text)

    def begin_epoch(self) -> None:
        """Starts the clock of the log."""
        self._log.restart_clock()

    def log(self, epoch: int, progress: Progress, logs: dict[str, Any]) -> None:
        """Appends a line to the log."""
        self._log.append(epoch, progress.step, logs)

    def picture(self, name: str) -> None:
        """Saves a picture; one that cannot be drawn is a warning."""
        if not self.samples:
            return
        try:
            save_picture(self.model, self.data, self.path / "samples" / f"{name}.png")
        except Exception as error:  # Whatever it is, training is worth more than its picture.
            first = (str(error).splitlines() or [type(error).__name__])[0]
            warnings.warn(f"Pictures cannot be drawn: {first}", stacklevel=2)

    def redraw(self, step: int, per_epoch: int, total: int) -> None:
        """Draws the picture of a checkpoint, where a process was killed between the two.

        Args:
            step: Of the checkpoint that the run goes on from.
            per_epoch: Steps of an epoch.
            total: The step at which training ends.
        """
        epoch, rest = divmod(step, per_epoch)
        if rest == 0 or step == total:
            name = f"epoch-{epoch + (rest > 0):04d}"
        elif self.every is not None and step % self.every == 0:
            name = f"step-{step:09d}"
        else:
            return
        if step and not any((self.path / "samples").glob(f"{name}.*")):
            self.picture(name)

    def next_save(self, step: int, end: int) -> int:
        """The step up to which training runs before it calls `save`."""
        return end if self.every is None else min(end, (step // self.every + 1) * self.every)

    def save(self, epoch: int, progress: Progress) -> None:
        """Writes a log line, a checkpoint and a picture in the middle of an epoch."""
        self.log(epoch, progress, progress.means())
        self.checkpoint(progress)
        self.picture(f"step-{progress.step:09d}")

    def checkpoint(self, progress: Progress) -> None:
        """Writes a checkpoint."""
        self.checkpoints.save(progress)
        self._older.drop()
        self._due = time.monotonic() + CHECKPOINT_SECONDS

    def is_due(self) -> bool:
        """Whether the last checkpoint is a minute old."""
        return time.monotonic() >= self._due

    def close(self, progress: Progress) -> None:
        """Writes the last checkpoint and the trained model."""
        self.checkpoint(progress)
        save_model(self.model, self.path / "model.keras")


def save_model(model: GenerativeModel, path: Path) -> None:
    """Saves a `.keras` file beside its place, then renames it."""
    with replacing(path) as temporary:
        model.save(temporary)
