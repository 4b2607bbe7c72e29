"""A convolution of Keras's PyTorch backend that has gradients in half precision.

Layers and operations of Keras look the function up in `keras.src.backend.torch.nn` at every call.
This module is the only one that replaces it there (checked on Keras 3.15), so models hold stock
Keras layers.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from keras.src.backend.torch import nn

HALF = (torch.float16, torch.bfloat16)


def install() -> None:
    """Replaces Keras's function, once."""
    if not hasattr(nn.conv, "__wrapped__"):
        nn.conv = _with_gradients(nn.conv)


def _with_gradients(kept: Callable[..., Any]) -> Callable[..., Any]:
    """Keras's convolution, but in float32 where PyTorch has no gradient of a half's.

    Those are convolutions to one channel, on processors without arithmetic of that half
    (docs/upstream.md).
    """

    @wraps(kept)
    def conv(inputs: Any, kernel: Any, *args: Any, **kwargs: Any) -> Any:
        inputs, kernel = nn.convert_to_tensor(inputs), nn.convert_to_tensor(kernel)
        if kernel.dtype not in HALF or kernel.device.type != "cpu" or kernel.shape[-1] > 1:
            return kept(inputs, kernel, *args, **kwargs)
        return kept(inputs.float(), kernel.float(), *args, **kwargs).to(kernel.dtype)

    return conv
