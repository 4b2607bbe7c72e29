"""TensorFlow's import, without the lines that its libraries write, and only where it is used.

Keras asks for TensorFlow when it saves a model, on every backend, which takes seconds; and no
setting keeps TensorFlow's libraries from writing to stderr while they load.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

NAME = "tensorflow"


@contextmanager
def quiet_tensorflow() -> Iterator[None]:
    """While it lasts, TensorFlow loads silently; on another backend Keras finds none to load."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TensorFlow as usual, and loads it in its own way."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> Any:
        if name != NAME:
            return None
        found = importlib.machinery.PathFinder.find_spec(name, path, target)
        if found is not None and found.loader is not None:
            found.loader = _Loader(found.loader)
        return found


class _Loader(importlib.abc.Loader):
    """Loads by another loader."""

    def __init__(self, loader: importlib.abc.Loader) -> None:
        self.loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        if _asked_by_keras_alone():
            raise ImportError(f"{NAME} is not used on the backend {os.environ['KERAS_BACKEND']}")
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with _silent_stderr():
            self.loader.exec_module(module)


def _asked_by_keras_alone() -> bool:
    """Whether Keras looks for TensorFlow on another backend."""
    if os.environ.get("KERAS_BACKEND") in (None, NAME):
        return False
    frames = (frame for frame, _ in traceback.walk_stack(None))
    modules = (frame.f_globals.get("__name__", "") for frame in frames)
    own = ("importlib", "_frozen", "traceback", __name__)
    importer = next((name for name in modules if not name.startswith(own)), "")
    return importer.startswith("keras.")


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Sends what libraries write to the process's stderr to nowhere."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
