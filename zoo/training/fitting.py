"""The body of `model.fit`: checks, data, run folder, callbacks, and the loop."""

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
from zoo.training.loop import Loop
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
        model: The model to train.
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
            folder.redraw(progress.step, per_epoch, total)
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
        loop = Loop(model, dispatcher, callback_list, validation, progress, folder, in_flight)
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
