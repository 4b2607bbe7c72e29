"""A fully connected layer whose outputs read only the inputs that come before them."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("genzoo")
class MaskedDense(keras.layers.Dense):
    """A fully connected layer of an autoregressive network: `(…, in)` → `(…, units)`.

    Every input and output has a degree; an output reads the inputs of its own degree and lower, or
    of lower degrees alone. All other entries of the kernel count as 0.

    Source: Germain et al., 2015, arXiv:1502.03509.

    Args:
        degrees: Of the outputs, which are as many.
        input_degrees: Of the inputs.
        strict: Whether inputs of the output's own degree are left out.
        options: Those of `keras.layers.Dense` but `units`.
    """

    export_as = keras.layers.Dense
    # Those of Keras's own layer save `self.kernel`, here the masked one.
    save_own_variables = keras.layers.Layer.save_own_variables
    load_own_variables = keras.layers.Layer.load_own_variables

    def __init__(
        self,
        degrees: Sequence[int],
        input_degrees: Sequence[int],
        *,
        strict: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(len(degrees), **options)
        self.degrees, self.input_degrees = list(degrees), list(input_degrees)
        self.strict = strict

    @property
    def mask(self) -> np.ndarray:
        """1 where an entry of the kernel counts, `(in, units)`."""
        compare = np.greater if self.strict else np.greater_equal
        return compare(np.array(self.degrees), np.array(self.input_degrees)[:, None])

    @property
    def kernel(self) -> Any:
        """The kernel, with 0 where an output does not read an input."""
        own = ops.convert_to_tensor(self._kernel)
        return own * ops.cast(self.mask, own.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {key: value for key, value in super().get_config().items() if key != "units"}
        own = {"degrees": self.degrees, "input_degrees": self.input_degrees, "strict": self.strict}
        return {**config, **own}
