"""Keras graph to ONNX, the same on every backend."""

from export.direct.conversion import convert, newest_opset

__all__ = ["convert", "newest_opset"]
