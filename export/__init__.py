"""Keras to ONNX from any backend, with a numerical certificate.

Importing this package imports neither Keras nor ONNX; the first use does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOMES = {
    "to_onnx": "export.conversion",
    "to_bundle": "export.bundle.write",
    "to_pipeline": "export.pipelines",
    "fit_density": "export.pipelines",
    "Density": "export.pipelines",
    "verify": "export.bundle.verify",
    "Certificate": "export.certification.certificate",
    "BundleError": "export.errors",
    "CertificateError": "export.errors",
    "ExportError": "export.errors",
    "ExportTargetError": "export.errors",
    "UnsupportedOperation": "export.errors",
}
__all__ = [
    "BundleError",
    "Certificate",
    "CertificateError",
    "Density",
    "ExportError",
    "ExportTargetError",
    "UnsupportedOperation",
    "fit_density",
    "to_bundle",
    "to_onnx",
    "to_pipeline",
    "verify",
]

if TYPE_CHECKING:
    from export.bundle.verify import verify
    from export.bundle.write import to_bundle
    from export.certification.certificate import Certificate
    from export.conversion import to_onnx
    from export.errors import BundleError, CertificateError, ExportError, UnsupportedOperation
    from export.pipelines import Density, fit_density, to_pipeline


def __getattr__(name: str) -> Any:
    if name in ("direct", "routes", "runtime"):
        return import_module(f"export.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'export' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
