"""The ways from a Keras model to an ONNX graph, all with the same names of inputs and outputs.

`direct` works on every backend and is the default. The others are the converters of one backend
each: a second opinion, and a way for layers that are not written in `keras.ops`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from export.errors import ExportError, RouteError
from zoo.errors import suggestion

if TYPE_CHECKING:
    import onnx

# Foreign converters raise whatever their own code runs into.
CONVERTER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)

# Route: the backend that it needs, and the packages beside that backend.
ROUTES: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "direct": (None, ("onnx", "onnx_ir")),
    "tf2onnx": ("tensorflow", ("tf2onnx",)),
    "torch": ("torch", ("onnx", "onnxscript")),
    "jax2onnx": ("jax", ("jax2onnx",)),
}


def convert(model: Any, *, route: str = "direct", opset: int | None = None) -> onnx.ModelProto:
    """Converts a functional or Sequential Keras model by the named route.

    Raises:
        ExportError: The route is unknown, or needs another backend or a package that is not there.
        RouteError: It cannot convert the model, or makes a graph of it that is not valid ONNX.
        UnsupportedOperation: The direct route cannot convert the model.
    """
    refusal = unavailable(route)
    if refusal:
        raise ExportError(refusal)
    if route == "direct":
        return import_module("export.direct").convert(model, opset=opset)
    converter: Callable[..., onnx.ModelProto] = import_module(f"export.routes.{route}").convert
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # converters warn about their own dependencies
            proto = converter(model, opset)
    except CONVERTER_ERRORS as error:
        raise RouteError(route, model.name, _first_line(error)) from error
    invalid = _invalid(proto)
    if invalid:
        raise RouteError(route, model.name, f"its graph is not valid ONNX: {invalid}")
    return proto


def unavailable(route: str) -> str | None:
    """Says in one line why a route cannot be taken here, or None where it can.

    Raises:
        ExportError: There is no such route.
    """
    if route not in ROUTES:
        raise ExportError(
            f"A route must be one of {', '.join(ROUTES)}. Received: {route!r}."
            f"{suggestion(route, ROUTES)}"
        )
    import keras

    backend, packages = ROUTES[route]
    if backend not in (None, keras.config.backend()):
        return (
            f"The route {route!r} converts models that run on {backend}. "
            f"Received: KERAS_BACKEND={keras.config.backend()}. Set KERAS_BACKEND={backend}."
        )
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        return (
            f"The route {route!r} needs {' and '.join(missing)}, not installed here. "
            f"Install: pip install {' '.join(missing)}"
        )
    return None


def native_route() -> str | None:
    """The route of the backend that Keras runs on, where its packages are installed."""
    for route, (backend, _) in ROUTES.items():
        if backend is not None and unavailable(route) is None:
            return route
    return None


def _invalid(proto: onnx.ModelProto) -> str | None:
    """The error of ONNX's full checker; too large graphs are checked as files alone."""
    from onnx import checker, shape_inference

    if proto.ByteSize() >= checker.MAXIMUM_PROTOBUF:
        return None
    try:
        checker.check_model(proto, full_check=True)
    except (checker.ValidationError, shape_inference.InferenceError) as error:
        return _first_line(error)
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
