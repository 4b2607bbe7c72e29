"""What a run writes while it trains: a log and pictures."""

import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.data import Data
from zoo.plotting.grid import save_grid
from zoo.training.progress import Progress

PICTURED = 64


class LogLines(keras.callbacks.Callback):
    """Appends one JSON line an epoch: epoch, step, seconds, and every log.

    Args:
        path: The file, made with the first line.
        progress: Where the run stands.
    """

    def __init__(self, path: Path, progress: Progress) -> None:
        super().__init__()
        self.path = path
        self.progress = progress

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the epoch's clock."""
        self.started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Appends the epoch's line."""
        seconds = round(time.monotonic() - self.started, 3)
        line = {"epoch": epoch + 1, "step": self.progress.step, "seconds": seconds}
        line |= logs or {}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


class SampleGrids(keras.callbacks.Callback):
    """Saves a picture an epoch: samples, or data beside their reconstructions.

    Every picture is drawn from the same latent, so that epochs can be compared.

    Args:
        folder: Where the pictures go.
        data: What is reconstructed, for models without a prior.
    """

    def __init__(self, folder: Path, data: Data) -> None:
        super().__init__()
        self.folder = folder
        self.data = data

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves the epoch's picture."""
        save_picture(self.model, self.data, self.folder / f"epoch-{epoch + 1:04d}.png")


def save_picture(model: Any, data: Data, path: Path, *, seed: int = 0) -> None:
    """Saves a grid of samples, one row a class where there are classes, or of reconstructions.

    Args:
        model: The model that makes the pictures.
        data: What is reconstructed, where the model has no prior; see
            `originals_and_reconstructions`.
        path: The PNG file.
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
    save_grid(images, path, value_range=model.value_range, columns=columns)


def originals_and_reconstructions(
    model: Any, data: Data, *, count: int = 32, columns: int = 8
) -> np.ndarray:
    """Rows of originals, each followed by rows of what the model's `pictured` uses make of them."""
    count = min(count, len(data)) // columns * columns or min(count, len(data))
    batch = data.batch(np.arange(count), model.value_range)
    table = model.table()
    made = [batch["data"]]
    for name in model.pictured:
        given = {key: batch[key] for key in table[name].inputs if key in batch}
        results = model.use(name, **given).values()
        made += [result for result in results if result.shape == batch["data"].shape]
    return np.concatenate(
        [rows[start : start + columns] for start in range(0, count, columns) for rows in made]
    )
