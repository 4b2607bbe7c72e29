"""PyTorch's fused Adam on the state of a Keras Adam: one pass over the weights instead of nine.

The slots stay Keras's, so checkpoints go from backend to backend as before.
"""

import functools
from collections.abc import Sequence
from typing import Any

import keras
import torch
from torch.optim.adam import adam

from zoo.backends.torch.recorded import held

SETTLED = float("inf")
"""A step count at which PyTorch's own bias correction is 1: the rate carries Keras's."""


def fits(optimizer: keras.optimizers.Optimizer, trained: Sequence[keras.Variable]) -> bool:
    """Whether the optimizer is Keras's own Adam, without extras, on weights in float32 on the CPU.

    The others, and those on a GPU, are Keras's to apply.
    """
    return (
        type(optimizer) is _adam()
        and not optimizer.amsgrad
        and not optimizer.use_ema
        and optimizer.weight_decay is None
        and optimizer.clipnorm is None
        and optimizer.clipvalue is None
        and optimizer.global_clipnorm is None
        and optimizer.loss_scale_factor is None
        and optimizer.gradient_accumulation_steps is None
        and len(optimizer.variables) == 2 + 2 * len(trained)
        and all(variable.constraint is None for variable in trained)
        and all(map(_is_plain, held((*trained, *optimizer.variables[2:]))))
    )


def apply(
    optimizer: keras.optimizers.Optimizer,
    grads: Sequence[torch.Tensor],
    trained: Sequence[keras.Variable],
) -> None:
    """Updates the variables that the optimizer was built on, in their order."""
    # After the count and the rate, Keras keeps a momentum and a velocity for each variable.
    slots = held(optimizer.variables[2:])
    count = optimizer.iterations.value.to(torch.float32) + 1
    # The powers are float32, as Keras's are: 1 − 0.999 differs from float64's in the fifth digit.
    first = 1 - torch.tensor(optimizer.beta_1) ** count
    second = 1 - torch.tensor(optimizer.beta_2) ** count
    rate = float(optimizer.learning_rate) * torch.sqrt(second) / first
    adam(
        held(trained),
        # It reads the memory as it lies; a convolution's gradient comes transposed.
        [gradient.contiguous() for gradient in grads],
        slots[0::2],
        slots[1::2],
        [],
        list(torch.full((len(trained),), SETTLED)),
        fused=True,
        amsgrad=False,
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        lr=float(rate),
        weight_decay=0.0,
        eps=optimizer.epsilon,
        maximize=False,
    )
    optimizer.iterations.assign_add(1)


def _is_plain(value: torch.Tensor) -> bool:
    return value.dtype == torch.float32 and value.device.type == "cpu" and value.is_contiguous()


@functools.cache
def _adam() -> Any:
    """The class that `keras.optimizers.Adam` makes on this backend."""
    return type(keras.optimizers.Adam())
