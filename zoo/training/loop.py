"""The only training loop."""

import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import keras

from zoo.data import Stream
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.training.batches import Feed
from zoo.training.callbacks import AlignedHistory, StepsBar, watches_steps
from zoo.training.dispatch import IN_FLIGHT, Dispatcher
from zoo.training.evaluation import Evaluation
from zoo.training.inputs import data_for
from zoo.training.progress import Progress
from zoo.training.run_folder import RunFolder
from zoo.training.signals import Stopped, orderly_stop


def fit(
    model: GenerativeModel,
    data: Any,
    labels: Any = None,
    *,
    epochs: int = 1,
    steps: int | None = None,
    steps_per_epoch: int | None = None,
    batch_size: int | None = None,
    callbacks: Sequence[keras.callbacks.Callback] | None = None,
    validation_data: Any = None,
    validation_split: float = 0.0,
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
    data and the same noise on every backend. A model that was trained before goes on in them where
    it stopped (`model.steps`); epochs and steps are counted from this call.

    The next step starts before the logs of the last one are read. Where a callback looks at single
    steps (`on_train_batch_…`), each step ends before the next one starts.

    In an epoch in which a phase does not run, its logs are left out of what callbacks see, its loss
    is not evaluated, and its entries in the history are NaN.

    Args:
        model: What is trained.
        data: `Data`, arrays, a pair of arrays and labels, a dictionary of fields, or a data set of
            `tf.data`, PyTorch or Keras; scaled to the model's `value_range`.
        labels: Keras's `y`: labels, or a target of the data's shape.
        epochs: The epoch after which training ends; an epoch is one pass over the data.
        steps: The step after which training ends, in place of `epochs`.
        steps_per_epoch: Steps of an epoch of a stream that does not tell its length.
        batch_size: Rows of each update; by default 64, or all where there are fewer.
        callbacks: Keras callbacks, the stock ones included.
        validation_data: Evaluated after each epoch, with the weights that training moves and not
            their average; its logs are named `val_…`.
        validation_split: Share of the data that is held out in place of `validation_data`.
        validation_batch_size: Rows that validation computes at once.
        seed: Seeds order and noise; the model's own seed by default.
        steps_per_call: Steps that one compiled call runs: less overhead, a longer compilation.
        initial_epoch: The epoch to count from, when a model is trained further.
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
    if not model.phases:
        raise ModelError(
            f"A model trains in the phases that assemble() declares. "
            f"Received: {type(model).__name__} without any."
        )
    data = data_for(model, data, labels, steps=steps_per_epoch or steps)
    if steps_per_epoch is not None and not isinstance(data, Stream):
        raise ModelError(
            "steps_per_epoch is for streams, whose length is not known. "
            f"Received: steps_per_epoch={steps_per_epoch} and data in memory. Accepted: steps."
        )
    if validation_split:
        data, validation_data = _split(data, validation_data, validation_split)
    model.adapt(data)
    data = data.standardized(model.standardization)
    seed = model.seed if seed is None else seed
    feed = Feed(model, data, batch_size, seed)
    batch_size = feed.batch_size
    per_epoch = feed.order.steps_per_epoch
    total = epochs * per_epoch if steps is None else steps
    validation = None
    if validation_data is not None:
        held_out = data_for(model, validation_data, like=data)
        validation = Evaluation(model, held_out, validation_batch_size, seed)
    done = int(keras.ops.convert_to_numpy(model.steps))
    first = initial_epoch * per_epoch
    progress = Progress(first, start=max(0, done - first))
    with ExitStack() as stack:
        folder = None
        if run is not None:
            folder = run if isinstance(run, RunFolder) else RunFolder(run)
            stack.callback(folder.release)
            training = {"batch_size": batch_size, "epochs": epochs, "steps": steps, "seed": seed}
            progress = folder.open(model, data, training, resume=resume, overwrite=overwrite)
            feed.order.resume(progress.step)
        used = [*(callbacks or []), AlignedHistory()]
        if verbose != 0 and not any(isinstance(c, keras.callbacks.ProgbarLogger) for c in used):
            used.append(StepsBar())
        callback_list = keras.callbacks.CallbackList(
            used,
            verbose=1 if verbose == "auto" else verbose,
            epochs=math.ceil(total / per_epoch),
            steps=min(total, per_epoch),
            model=model,
        )
        in_flight = 1 if any(watches_steps(callback) for callback in used) else IN_FLIGHT
        dispatcher = Dispatcher(model, feed, steps_per_call)
        loop = _Loop(model, dispatcher, callback_list, validation, progress, folder, in_flight)
        model.stop_training = False
        signals = stack.enter_context(orderly_stop(model, enabled=folder is not None))
        loop.run(total)
        if folder is not None:
            folder.close(progress)
    if signals:
        raise Stopped(signals[0])
    return model.history


def _split(data: Any, validation_data: Any, share: float) -> tuple[Any, Any]:
    """The data to train on and those held out."""
    if validation_data is not None:
        raise ModelError("Data are held out by validation_data or validation_split. Received: both")
    return data.split(share)


class _Loop:
    """The loop's moving parts, kept together for the length of one `fit`."""

    def __init__(
        self,
        model: GenerativeModel,
        dispatcher: Dispatcher,
        callbacks: keras.callbacks.CallbackList,
        validation: Evaluation | None,
        progress: Progress,
        folder: RunFolder | None,
        in_flight: int,
    ) -> None:
        self.model = model
        self.dispatcher = dispatcher
        self.callbacks = callbacks
        self.validation = validation
        self.progress = progress
        self.folder = folder
        self.in_flight = in_flight
        self.per_epoch = dispatcher.feed.order.steps_per_epoch

    def run(self, total: int) -> None:
        logs: dict[str, float] = {}
        self._begin_training()
        while self.progress.step < total and not self.model.stop_training:
            epoch = self.progress.step // self.per_epoch
            end = min(total, (epoch + 1) * self.per_epoch)
            self._begin_epoch(epoch, end)
            self._run_epoch(end)
            if self.progress.step < end:
                break
            logs = self.progress.means() | self._validate(epoch * self.per_epoch, end)
            self._end_epoch(epoch, logs)
        self.callbacks.on_train_end(logs)

    def _begin_training(self) -> None:
        """Starts the callbacks, of which `BackupAndRestore` may bring back weights and epoch."""
        self.model._initial_epoch = None
        self.callbacks.on_train_begin()
        epoch = self.model._initial_epoch
        if epoch:
            steps = int(keras.ops.convert_to_numpy(self.model.steps))
            first, step = epoch * self.per_epoch, steps - self.progress.start
            # A backup in the middle of an epoch goes on there, if this model counts as that did.
            self.progress.step = step if first <= step < first + self.per_epoch else first
            self.progress.start = max(0, steps - self.progress.step)

    def _begin_epoch(self, epoch: int, end: int) -> None:
        for callback in self.callbacks.callbacks:
            if isinstance(callback, StepsBar):
                callback.target = end - epoch * self.per_epoch
        if self.folder is not None:
            self.folder.begin_epoch()
        self.callbacks.on_epoch_begin(epoch)

    def _validate(self, first: int, end: int) -> dict[str, float]:
        """Losses on the held-out data, of the phases that took part in the epoch."""
        if self.validation is None:
            return {}
        start = self.progress.start
        phases = self.dispatcher.feed.running(start + first, start + end)
        return {f"val_{name}": value for name, value in self.validation(phases).items()}

    def _end_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Saves the epoch, then lets callbacks and pictures, which may fail, have it."""
        if self.progress.step % self.per_epoch == 0:
            self.progress.start_epoch()
        if self.folder is not None:
            self.folder.log(epoch, self.progress, logs)
            self.folder.checkpoint(self.progress)
        rates = self._learning_rates()
        self.callbacks.on_epoch_end(epoch, logs)
        if self.folder is not None:
            if self._learning_rates() != rates:
                self.folder.checkpoint(self.progress)
            self.folder.picture(f"epoch-{epoch + 1:04d}")

    def _learning_rates(self) -> list[float]:
        rates = [optimizer.learning_rate for optimizer in self.model.optimizers]
        return [float(keras.ops.convert_to_numpy(rate)) for rate in rates]

    def _run_epoch(self, end: int) -> None:
        """Runs the steps up to `end`, and saves the run where that is due."""
        while self.progress.step < end and not self.model.stop_training:
            due = end if self.folder is None else self.folder.next_save(self.progress.step, end)
            self._run_steps(due)
            if self.folder is not None and self.progress.step == due < end:
                epoch = self.progress.step // self.per_epoch
                self.folder.save(epoch, self.progress)

    def _run_steps(self, end: int) -> None:
        """Runs the steps up to `end`; while the device computes, the next batches are made."""
        start = self.progress.start
        self.dispatcher.begin(self.progress.steps, start + end)
        saved = self.progress.step
        folder = self.folder
        while True:
            due = folder is not None and folder.is_due() and self.progress.step > saved
            hold = due or self.model.stop_training
            if self.dispatcher.coming and not hold and len(self.dispatcher) < self.in_flight:
                self._start()
            elif len(self.dispatcher):
                self._read()
            elif folder is not None and due and self.dispatcher.coming:
                folder.checkpoint(self.progress)
                saved = self.progress.step
            else:
                return

    def _start(self) -> None:
        for step in self.dispatcher.coming:
            self.callbacks.on_train_batch_begin((step - self.progress.start) % self.per_epoch)
        if self.in_flight == 1:  # A callback may have frozen weights.
            self.dispatcher.refresh()
        self.dispatcher.start()

    def _read(self) -> None:
        """Reads the logs of the oldest call, and hands them to the callbacks."""
        first = self.progress.step
        found = self.dispatcher.read()
        self.progress.step += len(found)
        if not len(self.dispatcher):  # The weights are those after this step.
            self.model.steps.assign(self.progress.steps)
        for index, logs in enumerate(found):
            self.progress.add(logs)
            means = self.progress.means()
            self.callbacks.on_train_batch_end((first + index) % self.per_epoch, means)
