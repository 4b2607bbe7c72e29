"""Models in use: sampling, encoding, decoding, reconstructing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np

from zoo.data import Data
from zoo.errors import ModelError
from zoo.noise import Noise, draw_all


class Inference:
    """What a trained model does with arrays; a base of `GenerativeModel`."""

    value_range: tuple[float, float] | None
    num_classes: int | None
    prior: Mapping[str, Noise]
    sampler: str | None
    code: str | None
    parts: Callable[[], dict[str, keras.Model]]
    averaged_weights: Callable[[], AbstractContextManager[None]]

    def sample(
        self, count: int, *, labels: Any = None, seed: int = 0, batch_size: int = 256
    ) -> np.ndarray:
        """Draws new data: float32 `(count, *shape)` in `value_range`.

        Args:
            count: How many.
            labels: Classes `(count,)` or one-hot `(count, classes)`, or one class for all; by
                default the classes in turn. Only for models that read labels.
            seed: Seeds the latent; the same on every backend and in an exported bundle.
            batch_size: How many are computed at once.

        Raises:
            ModelError: The model has no prior, or labels do not fit.
        """
        if count < 1:
            raise ModelError(f"At least 1 sample is drawn. Received: {count}")
        if self.sampler is None:
            raise ModelError(
                f"{type(self).__name__} has no prior to sample from: "
                "it can reconstruct and interpolate."
            )
        inputs: dict[str, np.ndarray] = draw_all(self.prior, np.random.default_rng([seed]), count)
        if labels is None and self.num_classes is not None:
            labels = np.arange(count) % self.num_classes
        inputs |= self._labels(count, labels)
        with self.averaged_weights():
            return run(self.parts()[self.sampler], inputs, batch_size)["data"]

    def encode(self, data: Any, *, labels: Any = None, batch_size: int = 256) -> np.ndarray:
        """The codes of data: the encoder's output that the decoder reads.

        Args:
            data: `Data` or bytes of 0 to 255, which are scaled, or floats in `value_range`.
            labels: As in `sample`, without a default; `Data` with labels brings its own.
            batch_size: How many are computed at once.

        Raises:
            ModelError: The model has no encoder, or labels do not fit.
        """
        if self.code is None:
            raise ModelError(f"{type(self).__name__} has no encoder.")
        encoder = self.parts()["encoder"]
        batch = self._batch(data)
        if "labels" in input_names(encoder) and (labels is not None or "labels" not in batch):
            batch |= self._labels(len(batch["data"]), labels)
        with self.averaged_weights():
            return run(encoder, batch, batch_size)[self.code]

    def decode(self, codes: Any, *, labels: Any = None, batch_size: int = 256) -> np.ndarray:
        """Data from codes or latents: float32 `(batch, *shape)` in `value_range`.

        A model that reads labels needs them, as in `sample`.
        """
        parts = self.parts()
        part = parts.get("decoder", parts.get("generator"))
        codes = np.asarray(codes)
        inputs = {name: codes for name in input_names(part) if name != "labels"}
        inputs |= self._labels(len(codes), labels)
        with self.averaged_weights():
            return run(part, inputs, batch_size)["data"]

    def reconstruct(self, data: Any, *, labels: Any = None, batch_size: int = 256) -> np.ndarray:
        """Data through encoder and decoder: float32 `(batch, *shape)` in `value_range`."""
        if labels is None and self.num_classes is not None and isinstance(data, Data):
            labels = data.labels
        codes = self.encode(data, labels=labels, batch_size=batch_size)
        return self.decode(codes, labels=labels, batch_size=batch_size)

    def _batch(self, data: Any) -> dict[str, np.ndarray]:
        """Data, bytes or floats as the encoder's inputs."""
        if not isinstance(data, Data):
            data = np.asarray(data)
            if data.dtype != np.uint8:
                return {"data": data.astype("float32")}
            data = Data(data, source_range=(0.0, 255.0))
        return data.batch(np.arange(len(data)), self.value_range)

    def _labels(self, count: int, labels: Any) -> dict[str, np.ndarray]:
        """The `labels` input, checked; nothing for models without classes."""
        if self.num_classes is None:
            if labels is not None:
                raise ModelError(f"{type(self).__name__} reads no labels.")
            return {}
        labels = np.asarray(labels)
        if labels.ndim == 2 and labels.shape[1] == self.num_classes:
            labels = labels.argmax(axis=1)
        labels = np.broadcast_to(labels, (count,)) if labels.ndim == 0 else labels
        valid = labels.shape == (count,) and np.issubdtype(labels.dtype, np.integer)
        if not valid or (labels < 0).any() or (labels >= self.num_classes).any():
            raise ModelError(
                f"labels are {count} integers below {self.num_classes}, or one-hot rows. "
                f"Received: {labels.dtype} {labels.shape} {labels.ravel()[:8]}"
            )
        return {"labels": labels.astype("int32")}


def run(part: keras.Model, inputs: Mapping[str, Any], batch_size: int) -> dict[str, np.ndarray]:
    """Runs a functional model in inference mode: output name → `(batch, …)`.

    Args:
        part: A functional model with named inputs.
        inputs: At least the arrays of its named inputs.
        batch_size: How many rows are computed at once.
    """
    arrays = [np.asarray(inputs[name]) for name in input_names(part)]
    wanted = arrays[0] if len(arrays) == 1 else arrays
    return by_name(part, part.predict(wanted, batch_size=batch_size, verbose=0))


def input_names(part: keras.Model) -> list[str]:
    """The names of a functional model's inputs."""
    return [tensor.name for tensor in part.inputs]


def by_name(part: keras.Model, outputs: Any) -> dict[str, Any]:
    """A functional model's outputs, whatever their structure, by the names they export under."""
    if isinstance(outputs, Mapping):
        return dict(outputs)
    return dict(zip(part.output_names, keras.tree.flatten(outputs), strict=True))
