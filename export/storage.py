"""ONNX files appear whole or not at all; weights over 2 GB lie beside the graph."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx

from export.errors import ExportError
from zoo.errors import TargetError
from zoo.files import replacing

SINGLE_FILE = 2**31 - 2**24  # protobuf's limit of 2 GiB, less room for the nodes


@contextmanager
def storing(model: onnx.ModelProto, path: Path) -> Iterator[Path]:
    """Writes a model beside `path`, yields where, and moves it into place when the block ends.

    If the block raises, nothing is left and `path` stays as it was.

    Raises:
        TargetError: The file cannot be written.
    """
    if not is_large(model):
        with replacing(path) as temporary:
            temporary.write_bytes(model.SerializeToString(deterministic=True))
            yield temporary
        return
    data = data_file(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{path.stem}.", dir=path.parent))
    except OSError as error:
        raise TargetError(f"Cannot write {path}: {error.strerror or error}.") from error
    try:
        onnx.save_model(
            model, str(folder / path.name), save_as_external_data=True, location=data.name
        )
        yield folder / path.name
        if (folder / data.name).exists():  # not where every weight is small
            os.replace(folder / data.name, data)
        os.replace(folder / path.name, path)
    except OSError as error:
        raise TargetError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_graph(path: Path, name: str) -> None:
    """Checks a file with ONNX's full checker, which infers every shape strictly.

    Raises:
        ExportError: It is not valid.
    """
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(f"The graph of {name!r} is not valid ONNX: {error}") from error


def is_large(model: onnx.ModelProto) -> bool:
    """Whether a model's weights have to lie beside its graph."""
    return sum(len(tensor.raw_data) for tensor in model.graph.initializer) > SINGLE_FILE


def data_file(path: Path) -> Path:
    """The file of the weights of a model that is too large for one file."""
    return path.with_name(f"{path.name}.data")
