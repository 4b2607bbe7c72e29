"""The only training loop."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import keras

from zoo.errors import DivergenceError, ModelError
from zoo.model import GenerativeModel
from zoo.training.batches import Feed
from zoo.training.evaluation import Evaluation
from zoo.training.inputs import data_for
from zoo.training.progress import Progress
from zoo.training.run_folder import RunFolder
from zoo.training.signals import orderly_stop
from zoo.training.step import Stepper, named


def fit(
    model: GenerativeModel,
    data: Any,
    *,
    epochs: int = 1,
    steps: int | None = None,
    batch_size: int | None = None,
    callbacks: Sequence[keras.callbacks.Callback] | None = None,
    validation_data: Any = None,
    validation_batch_size: int = 256,
    seed: int | None = None,
    steps_per_call: int = 1,
    initial_epoch: int = 0,
    verbose: int | str = "auto",
    run: str | Path | RunFolder | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> keras.callbacks.History:
    """Trains a model and returns Keras's `History`: the mean of every log, by epoch.

    A step runs every phase, each as often as it repeats. The same seed gives the same order of the
    data and the same noise on every backend.

    Args:
        model: What is trained.
        data: `Data`, arrays, or a pair of arrays and labels; scaled to the model's `value_range`.
        epochs: The epoch after which training ends; an epoch is one pass over the data.
        steps: The step after which training ends, in place of `epochs`.
        batch_size: Rows of each update; by default 64, or all where there are fewer.
        callbacks: Keras callbacks, the stock ones included.
        validation_data: Evaluated after each epoch; its logs are named `val_…`.
        validation_batch_size: Rows that validation computes at once.
        seed: Seeds order and noise; the model's own seed by default.
        steps_per_call: Steps that one compiled call runs: less overhead, a longer compilation.
        initial_epoch: The epoch to start from, when a model is trained further.
        verbose: 0 silent, 1 a progress bar, 2 one line an epoch.
        run: A folder for checkpoints, logs and the trained model; see `RunFolder`.
        resume: Continues from the run's last checkpoint, as if it had not been interrupted.
        overwrite: Replaces an existing run.

    Raises:
        DivergenceError: A loss is NaN or infinite; the last good checkpoint is left.
        KeyboardInterrupt: Ctrl-C; a run folder then holds a checkpoint of the last whole step.
        ModelError: The data do not fit the model, or an option is out of bounds.
        RunError: The run folder exists and neither `resume` nor `overwrite` is set.
    """
    for name, value in {"epochs": epochs, "steps_per_call": steps_per_call}.items():
        if value < 1:
            raise ModelError(f"{name} is at least 1. Received: {value}")
    if steps is not None and steps < 1:
        raise ModelError(f"steps is at least 1. Received: {steps}")
    data = data_for(model, data, steps=steps)
    seed = model.seed if seed is None else seed
    feed = Feed(model, data, batch_size, seed)
    batch_size = feed.batch_size
    per_epoch = feed.order.steps_per_epoch
    total = epochs * per_epoch if steps is None else steps
    validation = None
    if validation_data is not None:
        held_out = data_for(model, validation_data, like=data)
        validation = Evaluation(model, held_out, validation_batch_size, seed)
    progress = Progress(step=initial_epoch * per_epoch)
    with ExitStack() as stack:
        folder = None
        if run is not None:
            folder = run if isinstance(run, RunFolder) else RunFolder(run)
            stack.callback(folder.release)
            training = {"batch_size": batch_size, "epochs": epochs, "steps": steps, "seed": seed}
            progress = folder.open(model, data, training, resume=resume, overwrite=overwrite)
        callback_list = keras.callbacks.CallbackList(
            [*(callbacks or []), *(folder.callbacks(data, progress) if folder else [])],
            add_history=True,
            add_progbar=verbose != 0,
            verbose=1 if verbose == "auto" else verbose,
            epochs=math.ceil(total / per_epoch),
            steps=per_epoch,
            model=model,
        )
        loop = _Loop(model, feed, callback_list, validation, progress, folder, steps_per_call)
        model.stop_training = False
        signals = stack.enter_context(orderly_stop(model, enabled=folder is not None))
        loop.run(total)
        if folder is not None:
            folder.close(progress)
    if signals:
        raise KeyboardInterrupt
    return model.history


class _Loop:
    """The loop's moving parts, kept together for the length of one `fit`."""

    def __init__(
        self,
        model: GenerativeModel,
        feed: Feed,
        callbacks: keras.callbacks.CallbackList,
        validation: Evaluation | None,
        progress: Progress,
        folder: RunFolder | None,
        steps_per_call: int,
    ) -> None:
        self.model = model
        self.feed = feed
        self.callbacks = callbacks
        self.validation = validation
        self.progress = progress
        self.folder = folder
        self.steps_per_call = steps_per_call
        self.stepper = Stepper.of(model)

    def run(self, total: int) -> None:
        per_epoch = self.feed.order.steps_per_epoch
        logs: dict[str, float] = {}
        self.callbacks.on_train_begin()
        while self.progress.step < total and not self.model.stop_training:
            epoch = self.progress.step // per_epoch
            self.callbacks.on_epoch_begin(epoch)
            end = min(total, (epoch + 1) * per_epoch)
            self._run_epoch(end)
            if self.progress.step < end:
                break
            logs = self.progress.means()
            if self.validation is not None:
                logs |= {f"val_{name}": value for name, value in self.validation().items()}
            self.callbacks.on_epoch_end(epoch, logs)
            if self.progress.step % per_epoch == 0:
                self.progress.start_epoch()
            if self.folder is not None:
                self.folder.checkpoint(self.progress)
        self.callbacks.on_train_end(logs)

    def _run_epoch(self, end: int) -> None:
        """Runs the steps up to `end`; the next batch is made while the device computes."""
        per_epoch = self.feed.order.steps_per_epoch
        updates = self._updates(end)
        while updates and not self.model.stop_training:
            first = self.progress.step % per_epoch
            for index in range(len(updates)):
                self.callbacks.on_train_batch_begin(first + index)
            pending = self._dispatch(updates)
            self.progress.step += len(updates)
            coming = self._updates(end)
            for index, step_logs in enumerate(pending):
                step = self.progress.step - len(updates) + index
                self.progress.add(self._read(step, step_logs))
                self.callbacks.on_train_batch_end(first + index, self.progress.means())
            if self.folder is not None and coming:
                self.folder.checkpoint_if_due(self.progress)
            updates = coming

    def _updates(self, end: int) -> list[list[tuple[int, dict]]]:
        """The updates of the steps of the next call."""
        last = min(end, self.progress.step + self.steps_per_call)
        return [self.feed.updates(step) for step in range(self.progress.step, last)]

    def _dispatch(self, steps: list[list[tuple[int, dict]]]) -> list[list[tuple[int, dict]]]:
        """Starts the updates of some steps: phase number and logs of each, by step.

        A single step is run phase by phase, so that each phase is compiled once and by itself;
        several steps are one compiled call.
        """
        if len(steps) == 1:
            runs = [(n, self.stepper.run((n,), [batch])[0]) for n, batch in steps[0]]
            return [runs]
        flat = [update for step in steps for update in step]
        logs = self.stepper.run(tuple(n for n, _ in flat), [batch for _, batch in flat])
        numbered = iter(zip((n for n, _ in flat), logs, strict=True))
        return [[next(numbered) for _ in step] for step in steps]

    def _read(self, step: int, updates: list[tuple[int, dict]]) -> dict[str, float]:
        """One step's logs as numbers: the means over a phase's repetitions.

        Reading waits for the device.
        """
        values: dict[str, list[float]] = {}
        for number, logs in updates:
            phase = self.model.phases[number]
            numbers = {k: float(keras.ops.convert_to_numpy(v)) for k, v in logs.items()}
            if not math.isfinite(numbers["loss"]):
                raise DivergenceError(
                    f"The loss of phase {phase.name!r} became {numbers['loss']} at step {step}."
                )
            for name, value in named(self.model, phase, numbers).items():
                values.setdefault(name, []).append(value)
        return {name: sum(found) / len(found) for name, found in values.items()}
