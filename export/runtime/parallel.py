"""Batches split among threads, for graphs whose operators ONNX Runtime does not split itself.

ONNX Runtime computes a transposed convolution image after image, mostly in one thread. Several
threads with a share of the batch each, in a session of one thread, keep every core busy.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np

SERIAL = "ConvTranspose"
"""The operator that ONNX Runtime does not split among threads."""

LEAST = 4  # samples per thread; below, handing them over costs what it saves


class Parallel:
    """A graph of independent samples, with the methods of an ONNX Runtime session.

    Args:
        session: The graph, opened for all threads: small batches go through it whole.
        open_single: Opens it once more, for one thread; called when the first batch is split.
        threads: Threads in all; None for as many as there are processors.
    """

    def __init__(
        self, session: Any, open_single: Callable[[], Any], *, threads: int | None = None
    ) -> None:
        self.threads = threads or processors()
        self._whole = session
        self._open_single = open_single

    def get_inputs(self) -> Sequence[Any]:
        """The inputs of the graph, in its order."""
        return self._whole.get_inputs()

    def get_outputs(self) -> Sequence[Any]:
        """The outputs of the graph, in its order."""
        return self._whole.get_outputs()

    def get_providers(self) -> list[str]:
        """Names of ONNX Runtime's providers that the graph runs on."""
        return self._whole.get_providers()

    def run(self, names: Any, feed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Maps input names to arrays `(batch, ...)` → the named outputs, or all of them."""
        count = len(next(iter(feed.values()), ()))
        pieces = min(self.threads, count // LEAST)
        if pieces < 2 or any(len(values) != count for values in feed.values()):
            return self._whole.run(names, feed)
        edges = [count * index // pieces for index in range(pieces + 1)]
        feeds = [
            {name: values[start:end] for name, values in feed.items()}
            for start, end in zip(edges, edges[1:], strict=False)
        ]
        single = self._single
        answers = list(self._pool.map(lambda piece: single.run(names, piece), feeds))
        return [np.concatenate(arrays) for arrays in zip(*answers, strict=True)]

    @cached_property
    def _single(self) -> Any:
        return self._open_single()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, thread_name_prefix="genzoo")


def worth_splitting(content: bytes, session: Any) -> bool:
    """Whether a graph, opened in a session, gains from a split, and has one batch to split."""
    if session.get_providers()[0] != "CPUExecutionProvider":
        return False
    shapes = [tensor.shape for tensor in (*session.get_inputs(), *session.get_outputs())]
    batches = {shape[0] if shape else None for shape in shapes}
    if len(batches) != 1 or not isinstance(batches.pop(), str):
        return False
    return SERIAL.encode() in content  # operators' names stand in the file as they are


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
