"""log p(data) of the models of published likelihoods, and the images that they are of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.files import write_atomically
from zoo.metrics.nll import estimate_nll

ROWS = 2000
"""Rows that are decoded at once."""


def static(path: Path) -> dict[str, np.ndarray]:
    """Statically binarised MNIST: `x_train`, `x_valid` and `x_test`, rows of 784 packed bits."""
    with np.load(path) as file:
        return {
            name: np.unpackbits(file[f"x_{name}"], axis=1).astype("float32")
            for name in ("train", "valid", "test")
        }


def grey(path: Path) -> dict[str, np.ndarray]:
    """MNIST's two splits, `(count, 784)` in (0, 1)."""
    with np.load(path) as file:
        return {
            name: file[f"x_{name}"].reshape(-1, 784).astype("float32") / 255
            for name in ("train", "test")
        }


def binarised(data: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pixels drawn as on or off, each with its grey value as probability."""
    return (rng.random(data.shape, "float32") < data).astype("float32")


class Drawn(keras.utils.PyDataset):
    """Batches of binarised images, drawn anew in every epoch; after a resume from the first on."""

    def __init__(self, data: np.ndarray, batch: int, seed: int) -> None:
        super().__init__()
        self.data, self.batch, self.seed, self.epoch = data, batch, seed, 0
        self._shuffle()

    def _shuffle(self) -> None:
        order = np.random.default_rng([self.seed, self.epoch])
        self.order = order.permutation(len(self.data))

    def __len__(self) -> int:
        return len(self.data) // self.batch

    def __getitem__(self, index: int) -> np.ndarray:
        rows = self.order[index * self.batch : (index + 1) * self.batch]
        return binarised(self.data[rows], np.random.default_rng([self.seed, self.epoch, index]))

    def on_epoch_end(self) -> None:
        """Begins the next epoch."""
        self.epoch += 1
        self._shuffle()


class Best(keras.callbacks.Callback):
    """Keeps the weights of the lowest `val_loss`, in a file beside its value.

    Args:
        path: The file of weights, `.weights.h5`.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.found = path, path.with_suffix(".json")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves weights that are better than all before."""
        value = (logs or {})["val_loss"]
        known = json.loads(self.found.read_text()) if self.found.exists() else None
        if known is None or value < known["val_loss"]:
            self.model.save_weights(self.path)
            write_atomically(self.found, json.dumps({"epoch": epoch + 1, "val_loss": value}))


def negative_log_likelihood(model: Any, data: np.ndarray, *, draws: int, seed: int = 0) -> float:
    """−log p(data) by importance samples, in nats, a mean over the rows.

    Args:
        model: A variational autoencoder, as `zoo.metrics.nll.estimate_nll` takes it.
        data: `(count, 784)`.
        draws: Importance samples of each row.
        seed: Of the draws.
    """
    total = 0.0
    for start in range(0, len(data), ROWS):
        rows = data[start : start + ROWS]
        estimate = estimate_nll(model, {"data": rows}, draws=draws, seed=seed + start)
        total += estimate.value * len(rows)
    return total / len(data)
