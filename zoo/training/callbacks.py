"""Callbacks that training adds, and which callbacks look at single steps."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.data import Data
from zoo.plotting.preview import save_preview

callbacks = keras.callbacks

PICTURED = 64
STEP_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
# Training itself ends at a loss that is not finite, with an error.
UNCONCERNED = (callbacks.History, callbacks.ProgbarLogger, callbacks.TerminateOnNaN)


def watches_steps(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback looks at the model at single steps, so that each must end before the next.

    As in Keras, a callback with `async_safe = True` says that it does not.
    """
    if getattr(callback, "async_safe", False) or isinstance(callback, UNCONCERNED):
        return False
    if getattr(callback, "save_freq", None) == "epoch":  # ModelCheckpoint and BackupAndRestore.
        return False
    hooks = (getattr(callback, hook) for hook in STEP_HOOKS)
    return not all(getattr(hook, "_is_default", False) for hook in hooks)


class AlignedHistory(keras.callbacks.History):
    """Keras's history, with NaN for the logs of a phase in the epochs that it did not run in."""

    async_safe = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the epoch's logs, one entry for every log that there has been."""
        super().on_epoch_end(epoch, logs)
        count, present = len(self.epoch), logs or {}
        for name, values in self.history.items():
            missing = [float("nan")] * (count - len(values))
            values[:] = missing + values if name in present else values + missing


class StepsBar(keras.callbacks.ProgbarLogger):
    """Keras's progress bar, with the steps that the epoch has; the last one may be shorter."""

    async_safe = True


def save_picture(model: Any, data: Data, path: Path, *, seed: int = 0) -> None:
    """Saves samples, a grid with one row a class where there are classes, or reconstructions.

    Args:
        model: The model that makes the pictures.
        data: The data to reconstruct, where the model has no prior; see
            `originals_and_reconstructions`.
        path: The file; that of a text ends in `.txt`, of a table in `.csv`, of a grid in `.png`.
        seed: Seeds the latent.
    """
    if "sample" not in model.table():
        images, columns = originals_and_reconstructions(model, data), 8
    elif model.num_classes is not None:
        columns = 8
        labels = np.repeat(np.arange(model.num_classes), columns)
        images = model.sample(len(labels), labels=labels, seed=seed)
    else:
        images, columns = model.sample(PICTURED, seed=seed), 8
    save_preview(
        images,
        path,
        value_range=model.value_range,
        description=model.settings,
        columns=columns,
    )


def originals_and_reconstructions(
    model: Any, data: Data, *, count: int = 32, columns: int = 8
) -> np.ndarray:
    """Rows of originals, each followed by rows of what the model's `pictured` uses make of them."""
    batch = data.standardized(None).first(count, model.value_range)
    count = len(batch["data"]) // columns * columns or len(batch["data"])
    table = model.table()
    batch = {**batch, **model.beside(batch)}
    made = [batch["data"][:count]]
    for name in filter(table.__contains__, model.pictured):
        given = {key: batch[key][:count] for key in table[name].inputs if key in batch}
        results = model.use(name, **given).values()
        made += [result for result in results if result.shape == made[0].shape]
    return np.concatenate(
        [rows[start : start + columns] for start in range(0, count, columns) for rows in made]
    )
