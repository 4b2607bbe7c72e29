"""The packages that commands can use, and the extra of genzoo that installs each."""

from __future__ import annotations

from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from zoo.errors import ZooError

# Module: its distributions, of which any one will do, and the extra that installs it.
EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    "keras": (("keras",), "train"),
    "scipy": (("scipy",), "metrics"),
    "sklearn": (("scikit-learn",), "metrics"),
    "filelock": (("filelock",), "train"),
    "jax": (("jax",), "jax"),
    "torch": (("torch",), "torch"),
    "tensorflow": (("tensorflow", "tensorflow-cpu"), "tensorflow"),
    "onnx": (("onnx",), "export"),
    "onnx_ir": (("onnx-ir",), "export"),
    "onnxruntime": (("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino"), "runtime"),
    "onnxscript": (("onnxscript",), "export"),
    "openvino": (("openvino",), "openvino"),
    "jax2onnx": (("jax2onnx",), "routes"),
    "tf2onnx": (("tf2onnx",), "routes"),
}


def version(module: str) -> str | None:
    """The installed version of a module of `EXTRAS`; None where it is missing."""
    if find_spec(module) is None:
        return None
    found = (distribution_version(name) for name in EXTRAS[module][0])
    return next((number for number in found if number), "unknown version")


def distribution_version(name: str) -> str | None:
    """The installed version of a distribution; None where it is missing."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def install_command(module: str) -> str:
    """The command that installs a module of `EXTRAS`, and what is missing beside it.

    Where Keras is, ONNX Runtime is wanted for exporting, which takes more than the runtime.
    """
    extra = EXTRAS[module][1]
    if extra == "runtime" and find_spec("keras") and not find_spec("onnx"):
        extra = "export"
    return f"pip install 'genzoo[{extra}]'"


def import_own(module: str) -> ModuleType:
    """Imports a module of genzoo, unless another file of its package's name comes first.

    Raises:
        ZooError: Another file does, such as `export.py` in the working directory.
    """
    package = module.partition(".")[0]
    own = Path(__file__).resolve().parents[2] / package
    found = find_spec(package)
    origin = found.origin if found else None
    if origin is not None and Path(origin).resolve().parent != own:
        raise ZooError(
            f"genzoo's package {package!r} cannot be imported. Received: {origin}, which comes "
            "first. Accepted: another name for that file, or another working directory."
        )
    return import_module(module)
