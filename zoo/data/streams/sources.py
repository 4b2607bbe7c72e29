"""Other libraries' data sets, recognised by the names of their types: none is imported here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from zoo.data.sources.spill import MEMORY, collect
from zoo.errors import DataError


@dataclass(frozen=True)
class Source:
    """Elements that come in an order of their own.

    Attributes:
        name: Of the type, for descriptions and messages.
        open: Starts a pass over the elements.
        length: Elements of a pass; None where it is unknown, or passes have no end.
        once: Whether there is only one pass, as of a generator.
        batched: Whether elements are batches; None where their shape has to tell.
    """

    name: str
    open: Callable[[], Iterator[Any]]
    length: int | None = None
    once: bool = False
    batched: bool | None = None


def find_source(values: Any) -> Source | None:
    """Returns how to read a `tf.data.Dataset`, `DataLoader`, `PyDataset` or generator.

    None for everything else: arrays, tuples, dictionaries, data sets whose rows can be indexed.
    """
    if _has_base(values, "tensorflow.python.data", "DatasetV2"):
        cardinality = int(values.cardinality())  # -1: without end, -2: unknown
        return Source("tf.data.Dataset", lambda: iter(values), max(cardinality, 0) or None)
    if _has_base(values, "torch.utils.data", "DataLoader"):
        return Source("DataLoader", lambda: iter(values), _length(values), batched=True)
    if _has_base(values, "torch.utils.data", "IterableDataset"):
        return Source("IterableDataset", lambda: iter(values), _length(values))
    if _has_base(values, "keras.", "PyDataset"):
        number = values.num_batches
        return Source("PyDataset", lambda: _batches_of(values, number), number, batched=True)
    if isinstance(values, Iterator):
        return Source("generator", lambda: values, once=True, batched=True)
    if callable(values) and not hasattr(values, "__array__"):
        return Source("function", lambda: iter(values()), batched=True)
    return None


def is_indexed(values: Any) -> bool:
    """Whether these are PyTorch's data sets whose rows can be read by index."""
    return _has_base(values, "torch.utils.data", "Dataset") and hasattr(values, "__len__")


def read_indexed(values: Any, *, memory: int = MEMORY) -> Any:
    """Returns the rows of PyTorch's indexed data set as arrays, in its structure.

    All rows are read once; arrays above `memory` bytes go to an unnamed temporary file.

    Raises:
        DataError: The data set has no rows, or rows of several shapes.
    """
    if hasattr(values, "tensors"):
        arrays = tuple(to_numpy(tensor) for tensor in values.tensors)
        return arrays[0] if len(arrays) == 1 else arrays
    size = len(values)
    if size == 0:
        raise DataError("Data hold at least one value. Received: a data set of length 0.")
    first = values[0]
    if isinstance(first, Mapping):
        return {key: _column(values, key, size, memory) for key in first}
    if isinstance(first, tuple | list):
        return tuple(_column(values, place, size, memory) for place in range(len(first)))
    return _column(values, None, size, memory)


def to_numpy(values: Any) -> Any:
    """Returns tensors of any library as arrays, dictionaries and tuples of them alike.

    What is no tensor, such as a list of numbers, is returned as it is.
    """
    if isinstance(values, Mapping):
        return {name: to_numpy(value) for name, value in values.items()}
    if isinstance(values, tuple):
        return tuple(map(to_numpy, values))
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    if isinstance(values, np.ndarray) or not hasattr(values, "__array__"):
        return values
    return np.asarray(values)


def _column(values: Any, key: Any, size: int, memory: int) -> np.ndarray:
    def rows() -> Iterator[np.ndarray]:
        for index in range(size):
            row = values[index]
            array = np.asarray(to_numpy(row if key is None else row[key]))
            if array.shape != first.shape:
                raise DataError(
                    f"Rows have one shape. Received: {first.shape} at 0 and {array.shape} at "
                    f"{index}."
                )
            yield array

    found = values[0]
    first = np.asarray(to_numpy(found if key is None else found[key]))
    return collect(rows(), shape=(size, *first.shape), dtype=first.dtype, memory=memory)


def _batches_of(values: Any, number: int | None) -> Iterator[Any]:
    """One pass over Keras's `PyDataset`; it may shuffle itself at the end."""
    for index in range(number) if number is not None else count():
        yield values[index]
    values.on_epoch_end()


def _length(values: Any) -> int | None:
    try:
        return len(values)
    except TypeError:
        return None


def _has_base(values: Any, module: str, name: str) -> bool:
    return any(
        base.__module__.startswith(module) and base.__name__ == name
        for base in type(values).__mro__
    )
