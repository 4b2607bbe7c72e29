"""Classes of models by name: of modules, and of files that are not importable."""

from __future__ import annotations

import hashlib
import sys
from importlib import import_module, util
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from zoo.errors import ModelError

if TYPE_CHECKING:
    from zoo.model import GenerativeModel


def load_class(target: str) -> type[GenerativeModel]:
    """The class that `module:Class` or `file.py:Class` names.

    Raises:
        ModelError: There is no such module, file or class, or it is no `GenerativeModel`.
    """
    from zoo.model import GenerativeModel

    place, _, name = target.rpartition(":")
    module = _load_file(Path(place)) if place.endswith(".py") else _import(place, target)
    cls = getattr(module, name, None)
    if not (isinstance(cls, type) and issubclass(cls, GenerativeModel)):
        own = [
            key
            for key, value in vars(module).items()
            if isinstance(value, type)
            and issubclass(value, GenerativeModel)
            and value.__module__ == module.__name__
        ]
        raise ModelError(
            f"A model is a subclass of zoo.GenerativeModel. Received: {target}. "
            f"Accepted: {', '.join(f'{place}:{key}' for key in own) or 'none in ' + place}."
        )
    return cls


def target_of(cls: type) -> str:
    """The target by which `load_class` finds a class from any folder."""
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__loaded_from__", None)
    return f"{file or cls.__module__}:{cls.__qualname__}"


def _import(name: str, target: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and not name.startswith(error.name):
            raise  # a package that the module needs
        raise ModelError(
            f"A model of your own is file.py:Class or module:Class. Received: {target}; there is "
            f"no module {name!r}."
        ) from None


def _load_file(path: Path) -> ModuleType:
    """Runs a file as a module, once, under its own name where that is free."""
    file = path.resolve()
    if not file.is_file():
        raise ModelError(f"A model of your own is file.py:Class. Received: {path}, not found.")
    name = file.stem
    before = sys.modules.get(name)
    if before is not None and getattr(before, "__loaded_from__", None) != str(file):
        name = f"{name}_{hashlib.sha256(str(file).encode()).hexdigest()[:8]}"
        before = sys.modules.get(name)
    if before is not None:
        return before
    specification = util.spec_from_file_location(name, file)
    if specification is None or specification.loader is None:
        raise ModelError(f"A model of your own is a Python file. Received: {path}")
    module = util.module_from_spec(specification)
    module.__loaded_from__ = str(file)  # type: ignore[attr-defined]
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except SyntaxError as error:
        del sys.modules[name]
        raise ModelError(
            f"A model of your own is in valid Python. Received: {path}, line {error.lineno}: "
            f"{error.msg}"
        ) from error
    except BaseException:
        del sys.modules[name]
        raise
    return module
