"""Models in use: any use of the table, on arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np

from zoo import backends, networks
from zoo.data import Data
from zoo.errors import ModelError, UseError
from zoo.uses import LABELS, Use, complete_inputs, run_in_batches

BATCH_SIZE = 256
Shape = tuple[int | None, ...]


class Inference:
    """Uses of a trained model on arrays; a base of `GenerativeModel`."""

    value_range: Any
    num_classes: Any
    reads: Mapping[str, tuple[int, ...]]
    table: Callable[[], dict[str, Use]]
    averaged_weights: Callable[[], AbstractContextManager[None]]
    parts: Callable[[], dict[str, keras.Model]]
    parts_of_any_size: Callable[[], dict[str, keras.Model]]

    def use(
        self,
        name: str,
        *,
        count: int | None = None,
        seed: int = 0,
        truncation: float = 1.0,
        batch_size: int = BATCH_SIZE,
        **inputs: Any,
    ) -> dict[str, np.ndarray]:
        """Runs a use: result name → array `(count, …)`, in inference mode, with averaged weights.

        Args:
            name: A use of `table()`.
            count: How many rows, where nothing is given but what can be drawn.
            seed: Seeds what is drawn; the same numbers on every backend and in a bundle.
            truncation: Factor on the distance of each draw from its mean.
            batch_size: Rows computed at once.
            inputs: Arrays by name; those that can be drawn may be left out. Fields of the data are
                `Data` or bytes, which are scaled, or floats in `value_range`. Labels are classes
                `(count,)` or one-hot rows, or one class for all.

        Raises:
            ModelError: The model has no such use, or labels do not fit.
            UseError: An input is missing, unknown, or of another length.
        """
        table = self.table()
        if name not in table:
            raise ModelError(
                f"{type(self).__name__} has no use {name!r}. Accepted: {', '.join(table)}."
            )
        use = table[name]
        given = self._arrays(use, {key: v for key, v in inputs.items() if v is not None})
        rows = next((len(array) for key, array in given.items() if key not in LABELS), count)
        if rows is not None and rows < 1:
            raise ModelError(f"At least 1 row is computed. Received: {rows}")
        for key in set(LABELS) & set(given):
            given[key] = self._labels(given[key], rows)
        self._check_shapes(name, use, given)
        complete = complete_inputs(name, use, given, count=rows, seed=seed, truncation=truncation)
        with self.averaged_weights():
            return run_in_batches(use, self._call_part, complete, batch_size)

    def sample(
        self, count: int, *, labels: Any = None, seed: int = 0, **options: Any
    ) -> np.ndarray:
        """Draws new data: float32 `(count, *shape)` in `value_range`; see `use`.

        Models that read labels take the classes in turn where none are given.
        """
        return self.use("sample", count=count, labels=labels, seed=seed, **options)["data"]

    def encode(self, data: Any, *, labels: Any = None, **options: Any) -> np.ndarray:
        """The codes of data, as `decode` reads them; see `use`."""
        return self.use("encode", data=data, labels=labels, **options)["code"]

    def decode(self, code: Any, *, labels: Any = None, **options: Any) -> np.ndarray:
        """Data from codes or latents: float32 `(count, *shape)` in `value_range`; see `use`."""
        return self.use("decode", code=code, labels=labels, **options)["data"]

    def reconstruct(self, data: Any, *, labels: Any = None, **options: Any) -> np.ndarray:
        """Data through encoder and decoder: float32 `(count, *shape)`; see `use`."""
        return self.use("reconstruct", data=data, labels=labels, **options)["reconstruction"]

    def _arrays(self, use: Use, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The inputs as arrays; `Data` bring every field that the use reads."""
        found: dict[str, np.ndarray] = {}
        for name, value in inputs.items():
            if isinstance(value, Data):
                batch = value.batch(np.arange(len(value)), self.value_range)
                found |= {
                    key: array
                    for key, array in ({**batch, name: batch["data"]}).items()
                    if key in use.inputs and (key == name or key not in inputs)
                }
                continue
            array = np.asarray(value)
            if array.dtype == np.uint8 and name in ("data", "other", *self.reads):
                array = self._arrays(use, {name: Data(array, source_range=(0.0, 255.0))})[name]
            found[name] = array.astype("float32") if array.dtype == np.float64 else array
        return found

    def shapes(self, name: str) -> dict[str, Shape]:
        """The shape of one row of each input of a use; None is any size.

        Args:
            name: A use of `table()`.
        """
        use = self.table()[name]
        parts = self._parts_for(use)
        return {
            value: tuple(parts[part].input[port].shape[1:])
            for value in use.inputs
            for part, port in use.readers(value)
        }

    def _parts_for(self, use: Use) -> Mapping[str, keras.Model]:
        """The parts of a use: those of any size where all of them are."""
        free = self.parts_of_any_size()
        return free if set(use.parts) <= set(free) else self.parts()

    def _check_shapes(self, name: str, use: Use, given: Mapping[str, np.ndarray]) -> None:
        """Raises where an array has another shape than the part that reads it."""
        for key, array in given.items():
            for part, port in use.readers(key):
                own = tuple(getattr(self, part).input[port].shape[1:])
                if not _fits(array, own) and not _fits(array, self.shapes(name)[key]):
                    shape = str(("batch", *self.shapes(name)[key])).replace("None", "any")
                    hint = " Accepted: sizes from 1." if 0 in array.shape[1:] else ""
                    raise UseError(
                        f"The use {name!r} reads {key!r} of shape {shape}. "
                        f"Received: {array.shape}.{hint}"
                    )

    def _labels(self, labels: np.ndarray, count: int | None) -> np.ndarray:
        """Labels as int32 `(count,)`."""
        if self.num_classes is None:
            raise ModelError(f"{type(self).__name__} reads no labels.")
        if labels.ndim == 2 and labels.shape[1] == self.num_classes:
            labels = labels.argmax(axis=1)
        if labels.ndim == 0 and count is not None:
            labels = np.broadcast_to(labels, (count,))
        valid = labels.ndim == 1 and np.issubdtype(labels.dtype, np.integer)
        fits = valid and (count is None or len(labels) == count)
        if not fits or (labels < 0).any() or (labels >= self.num_classes).any():
            raise ModelError(
                f"labels are {count} integers below {self.num_classes}, or one-hot rows. "
                f"Received: {labels.dtype} {labels.shape} {labels.ravel()[:8]}"
            )
        return labels.astype("int32")

    def _call_part(self, name: str, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Runs a part, compiled once for each batch size, and for each size of other maps."""
        part: keras.Model = getattr(self, name)
        own = all(_fits(array, part.input[key].shape[1:]) for key, array in inputs.items())
        compiled = vars(self).setdefault("_compiled_parts", {})
        if (name, own) not in compiled:
            part = part if own else self.parts_of_any_size().get(name, part)
            compiled[name, own] = backends.current().compile_step(
                lambda batch: networks.apply(part, batch), part.variables, updates=False
            )
        place = backends.current().place
        placed = {key: place(np.asarray(array)) for key, array in inputs.items()}
        return {k: keras.ops.convert_to_numpy(v) for k, v in compiled[name, own](placed).items()}


def _fits(array: Any, shape: Shape) -> bool:
    """Whether rows of an array have a shape, in which None is any size from 1."""
    found = np.shape(array)[1:]
    return len(found) == len(shape) and all(
        own == size or (size is None and own > 0) for size, own in zip(shape, found, strict=True)
    )
