"""The only home of backend-specific code: gradients, compiled steps, devices.

Each backend's module offers the same few functions; `current()` is the module of the backend
that Keras runs on.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from zoo.errors import BackendError

PACKAGES = {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}


def installed() -> list[str]:
    """The backends whose packages are installed, without importing them."""
    return [name for name, package in PACKAGES.items() if find_spec(package) is not None]


def choose() -> str:
    """Settles which backend Keras runs on, before Keras is imported, and returns its name.

    The order: the running Keras, `KERAS_BACKEND`, Keras's own configuration file where it names
    an installed backend, the first installed one of JAX, PyTorch and TensorFlow.

    Raises:
        BackendError: None is installed, or the one asked for is not.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"].config.backend()
    available = installed()
    asked = os.environ.get("KERAS_BACKEND")
    if asked:
        if asked not in PACKAGES:
            raise BackendError(
                f"KERAS_BACKEND must name a backend. Received: {asked!r}. "
                f"Accepted: {', '.join(PACKAGES)}."
            )
        if asked not in available:
            raise BackendError(
                f"KERAS_BACKEND={asked} is not installed. "
                f"Install it with: pip install 'genzoo[{asked}]'"
            )
        return asked
    if not available:
        raise BackendError(
            "No backend is installed. Install one with: pip install 'genzoo[jax]' "
            "(or genzoo[torch], genzoo[tensorflow])"
        )
    configured = _configured()
    chosen = configured if configured in available else available[0]
    os.environ["KERAS_BACKEND"] = chosen
    return chosen


def _configured() -> str | None:
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    try:
        return json.loads((home / "keras.json").read_text()).get("backend")
    except (OSError, ValueError):
        return None


def current() -> ModuleType:
    """The module in this package of the backend that Keras runs on.

    Raises:
        BackendError: Keras runs on a backend without gradients, such as `numpy`.
    """
    import keras

    name = keras.config.backend()
    if name not in PACKAGES:
        raise BackendError(
            f"Models train on {', '.join(PACKAGES)}. Received: the Keras backend {name!r}."
        )
    return import_module(f"zoo.backends.{name}")


def prepare() -> None:
    """Lets Keras use the running backend's own functions; every model calls it when it is made.

    On JAX and PyTorch, importing the backend's module replaces functions of Keras's backend;
    TensorFlow needs nothing.
    """
    import keras

    if keras.config.backend() in ("jax", "torch"):
        current()


def differentiate(
    objective: Callable[[Any], tuple[Any, dict]],
    trained: Sequence[Any],
    others: Sequence[Any],
    *,
    reads: Sequence[Any] = (),
    name: str = "a function",
) -> Callable[[Any], tuple[list, dict]]:
    """Batch → gradients and logs of `objective(batch)`; PyTorch records it after some calls.

    The other backends call it inside of a compiled step.

    Args:
        objective: Batch → what is minimised, and logs.
        trained: The variables that it is differentiated with respect to.
        others: Further variables that it may read and assign.
        reads: Variables that it may read beside these, such as the scale of a loss.
        name: For the message where it cannot be recorded.
    """
    backend = current()

    def compute(batch: Any) -> tuple[list, dict]:
        return backend.gradients(lambda: objective(batch), trained, others)

    record = getattr(backend, "record", None)
    return compute if record is None else record(compute, [*trained, *others, *reads], name)


def input_gradient(function: Callable[[Any], Any], inputs: Any) -> Any:
    """Gradient of `sum(function(inputs))` with respect to `inputs`, itself differentiable.

    Args:
        function: Tensor → tensor; each output row depends on its own input row only.
        inputs: Tensor `(batch, …)`.

    Returns:
        A tensor of the shape of `inputs`.
    """
    return current().input_gradient(function, inputs)
