"""Half-precision convolutions to one channel have gradients on PyTorch."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.arrays import array, tensor
from tests.tolerances import EXACT
from zoo import backends

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "torch", reason="only on PyTorch is Keras's convolution replaced"
)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_convolution_to_one_channel_has_the_gradients_of_float32(dtype):
    backends.prepare()
    rng = np.random.default_rng(0)
    data = tensor(rng.integers(-1, 2, (2, 6, 5, 3)))  # small whole numbers: without rounding
    kernel = rng.integers(-1, 2, (3, 3, 3, 1)).astype("float32")
    outputs, gradients = {}, {}
    for policy in (f"mixed_{dtype}", "float32"):
        layer = layers.Conv2D(1, 3, padding="same", use_bias=False, dtype=policy)
        layer.build(data.shape)
        layer.set_weights([kernel])

        def objective(layer=layer):
            outputs[layer.compute_dtype] = layer(data)
            return ops.sum(ops.square(ops.cast(outputs[layer.compute_dtype], "float32"))), {}

        (gradient,), _ = backends.current().gradients(objective, layer.trainable_variables, [])
        gradients[layer.compute_dtype] = gradient
    assert str(outputs[dtype].dtype) == f"torch.{dtype}"
    EXACT.check(array(ops.cast(outputs[dtype], "float32")), array(outputs["float32"]))
    EXACT.check(array(gradients[dtype]), array(gradients["float32"]))
