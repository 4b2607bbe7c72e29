"""Random small graphs of images, built from the handler tables, agree with Keras."""

import keras
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers, ops

from tests.export.direct.agreement import check

POINTWISE = ["relu", "tanh", "gelu", "silu", "elu", "softplus", "abs", "square", "sigmoid"]
sizes = st.integers(1, 3)


def convolution(x, draw):
    strides, size = draw(sizes), draw(sizes)
    return layers.Conv2D(draw(sizes), size, strides, padding="same")(x)


def transposed(x, draw):
    return layers.Conv2DTranspose(draw(sizes), draw(sizes), draw(st.integers(1, 2)), "same")(x)


def normalized(x, draw):
    kinds = [layers.BatchNormalization, layers.LayerNormalization]
    return draw(st.sampled_from(kinds))()(x)


def pointwise(x, draw):
    return getattr(ops, draw(st.sampled_from(POINTWISE)))(x)


def enlarged(x, draw):
    return layers.UpSampling2D(2)(x) if x.shape[1] < 8 else x


def doubled(x, draw):
    axis = draw(st.sampled_from([1, 2, 3, -1]))
    return ops.concatenate([x, ops.flip(x, axis=axis)], axis=draw(st.sampled_from([1, 2, 3, -1])))


def sliced(x, draw):
    start = draw(st.integers(0, 1)) if min(x.shape[1:]) > 1 else 0
    mean = ops.mean(x, axis=draw(st.sampled_from([1, 2])), keepdims=True)
    return x[:, start:, ::2] + mean[:, :1, :1]


def turned(x, draw):
    return ops.transpose(x, draw(st.permutations([1, 2, 3]).map(lambda axes: (0, *axes))))


def through_dense(x, draw):
    flat = layers.Dense(12, use_bias=draw(st.booleans()))(layers.Flatten()(x))
    return layers.Reshape(draw(st.permutations([2, 2, 3])))(layers.BatchNormalization()(flat))


def per_pixel(x, draw):
    return layers.Dense(draw(sizes), activation="tanh")(x)


STEPS = [
    convolution,
    transposed,
    normalized,
    pointwise,
    enlarged,
    doubled,
    sliced,
    turned,
    through_dense,
    per_pixel,
]


@settings(max_examples=20)
@given(data=st.data())
def test_random_graph_agrees_with_keras(data):
    inputs = keras.Input((4, 3, 2))
    x, earlier = inputs, []
    for step in data.draw(st.lists(st.sampled_from(STEPS), min_size=2, max_size=7)):
        if int(np.prod(x.shape[1:])) > 500:
            break
        x = step(x, data.draw)
        same = [other for other in earlier if other.shape == x.shape]
        x = layers.Add()([x, same[-1]]) if same and data.draw(st.booleans()) else x
        earlier.append(x)
    model = keras.Model(inputs, [x, ops.max(x, axis=data.draw(st.sampled_from([1, -1])))])
    rng = np.random.default_rng(0)
    for variable in model.weights:
        variable.assign(rng.uniform(0.5, 1.0, variable.shape))
    check(model, rng.normal(size=(3, 4, 3, 2)).astype("float32"))
