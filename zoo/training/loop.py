"""The only training loop."""

import keras

from zoo.model import GenerativeModel
from zoo.training.callbacks import StepsBar
from zoo.training.dispatch import Dispatcher
from zoo.training.evaluation import Evaluation
from zoo.training.progress import Progress
from zoo.training.run_folder import RunFolder


class Loop:
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
