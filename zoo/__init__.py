"""genzoo: autoencoders, GANs and their hybrids, written once in Keras 3 for three backends.

Importing this package imports neither Keras nor a backend; the first use of a model does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

_HOMES = {
    "create": "zoo.registry",
    "describe": "zoo.registry",
    "list_models": "zoo.registry",
    "load": "zoo.training.loading",
    "load_data": "zoo.data",
    "GenerativeModel": "zoo.model",
    "NetworkSettings": "zoo.model",
    "Phase": "zoo.phase",
    "setting": "zoo.settings",
}
__all__ = [
    "GenerativeModel",
    "NetworkSettings",
    "Phase",
    "create",
    "describe",
    "list_models",
    "load",
    "load_data",
    "setting",
]

if TYPE_CHECKING:
    from zoo.data import load_data
    from zoo.model import GenerativeModel, NetworkSettings
    from zoo.phase import Phase
    from zoo.registry import create, describe, list_models
    from zoo.settings import setting
    from zoo.training.loading import load


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
