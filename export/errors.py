"""Every error that export raises on purpose derives from `ExportError`."""

from __future__ import annotations

from zoo.errors import TargetError, ZooError


class ExportError(ZooError):
    """A model, a graph or a bundle that cannot be exported, certified or opened."""


class ExportTargetError(ExportError, TargetError):
    """A file of an export that could not be written; whatever was there before is untouched."""


class UnsupportedOperation(ExportError):
    """An operation that has no ONNX equivalent here.

    `layer` is the name of the layer it was found in (or of the operation itself), `operation` the
    name of what could not be converted and `advice` a sentence that says what to do instead.
    """

    def __init__(self, layer: str, operation: str, advice: str) -> None:
        super().__init__(f"Layer {layer!r}: {operation} cannot be converted to ONNX. {advice}")
        self.layer = layer
        self.operation = operation
        self.advice = advice


class RouteError(ExportError):
    """A converter other than the direct one has failed on a model; `reason` says how."""

    def __init__(self, route: str, model: str, reason: str) -> None:
        reason = reason.rstrip(".")
        super().__init__(
            f"The route {route!r} cannot convert {model!r}: {reason}. "
            f"Accepted: the direct route (route='direct', or no --route)."
        )
        self.reason = reason


class CertificateError(ExportError):
    """The exported graph and the native model differ by more than the tolerance."""


class NativeError(ExportError):
    """The native model cannot be run on the inputs of a certificate."""


class BundleError(ExportError):
    """A bundle that is incomplete, changed or unsafe to open."""
