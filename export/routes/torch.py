"""PyTorch's converter, torch.onnx, through torch.export (dynamo)."""

from __future__ import annotations

from typing import Any

import keras
import onnx
import torch

from export.routes.flat import flat_call, rename
from export.signature import signature

DEFAULT_OPSET = 18
EXAMPLE_BATCH = 2  # torch.export treats sizes 0 and 1 as constants
EXAMPLE_SIZE = 16


class _Flat(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.call = flat_call(model)

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.call(*tensors)


def convert(model: Any, opset: int | None = None) -> onnx.ModelProto:
    """Converts a functional or Sequential Keras model that runs on PyTorch."""
    names = signature(model)
    examples, dynamic = [], []
    for tensor in names.inputs:
        size = (EXAMPLE_BATCH, *(EXAMPLE_SIZE if n is None else n for n in tensor.shape[1:]))
        examples.append(keras.ops.zeros(size, dtype=tensor.dtype))
        dynamic.append(
            {
                axis: torch.export.Dim("batch") if axis == 0 else torch.export.Dim.AUTO
                for axis, length in enumerate(tensor.shape)
                if length is None
            }
        )
    program = torch.onnx.export(
        _Flat(model).eval(),
        tuple(examples),
        dynamo=True,
        opset_version=opset or DEFAULT_OPSET,
        dynamic_shapes={"tensors": tuple(dynamic)},
        verbose=False,
    )
    assert program is not None
    proto = program.model_proto
    rename(proto, [t.name for t in names.inputs], [t.name for t in names.outputs])
    return proto
