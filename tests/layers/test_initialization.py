"""Initial weights against the distributions that Keras's initializers describe."""

from math import sqrt

import keras
import numpy as np
import pytest
from keras import initializers, layers

from tests.arrays import array
from tests.tolerances import EXACT, FORMULA, SAMPLING, SMALL_SAMPLES
from zoo.layers.initialization import draw, numpy_weights

SHAPE = (200, 300)  # 60,000 weights; 200 inputs, 300 outputs, 250 on average
CUT = 0.87962566103423978  # the standard deviation of a standard normal cut at ±2


def check_distribution(values, mean, deviation, low, high):
    """Mean and deviation within sampling error, extremes within the bounds and near them."""
    assert values.dtype == "float32"
    SAMPLING.check((values.mean() - mean) / deviation, 0.0, name="means")
    SAMPLING.check(values.std() / deviation, 1.0, name="deviations")
    slack = 1e-6 * (high - low)
    assert low - slack <= values.min() < low + 0.01 * (high - low)
    assert high + slack >= values.max() > high - 0.01 * (high - low)


@pytest.mark.parametrize(
    ("initializer", "limit"),
    [
        (initializers.GlorotUniform(), sqrt(6 / (200 + 300))),
        (initializers.HeUniform(), sqrt(6 / 200)),
        (initializers.LecunUniform(), sqrt(3 / 200)),
        (initializers.VarianceScaling(2.0, "fan_out", "uniform"), sqrt(3 * 2 / 300)),
        (initializers.RandomUniform(-0.3, 0.3), 0.3),
    ],
)
def test_uniform_initializers_fill_their_bounds(initializer, limit):
    values = draw(initializer, SHAPE, np.random.default_rng(0))
    check_distribution(values, 0.0, limit / sqrt(3), -limit, limit)


@pytest.mark.parametrize(
    ("initializer", "deviation"),
    [
        (initializers.GlorotNormal(), sqrt(2 / (200 + 300))),
        (initializers.HeNormal(), sqrt(2 / 200)),
        (initializers.LecunNormal(), sqrt(1 / 200)),
        (initializers.TruncatedNormal(0.0, 0.5), 0.5 * CUT),
    ],
)
def test_truncated_initializers_end_at_two_deviations_of_the_whole_normal(initializer, deviation):
    values = draw(initializer, SHAPE, np.random.default_rng(0))
    bound = 2 * deviation / CUT
    check_distribution(values, 0.0, deviation, -bound, bound)


@pytest.mark.parametrize(
    ("initializer", "mean", "deviation"),
    [
        (initializers.RandomNormal(0.5, 0.02), 0.5, 0.02),
        (initializers.VarianceScaling(3.0, "fan_avg", "untruncated_normal"), 0, sqrt(3 / 250)),
    ],
)
def test_normal_initializers_have_the_tails_of_a_normal(initializer, mean, deviation):
    standard = (draw(initializer, SHAPE, np.random.default_rng(0)) - mean) / deviation
    SAMPLING.check(standard.mean(), 0.0)
    SAMPLING.check(standard.std(), 1.0)
    # 4.55 % of a normal lies beyond two deviations.
    SAMPLING.check((np.abs(standard) > 2).mean(), 0.0455)
    assert 3.5 < np.abs(standard).max() < 6


def test_truncated_normal_is_centred_on_its_mean():
    values = draw(initializers.TruncatedNormal(2.0, 0.5), SHAPE, np.random.default_rng(0))
    check_distribution(values, 2.0, 0.5 * CUT, 1.0, 3.0)


@pytest.mark.parametrize("shape", [(30, 20), (20, 30), (3, 3, 4, 10), (2, 2, 3, 50)])
def test_orthogonal_rows_or_columns_have_the_gain_as_their_length(shape):
    values = draw(initializers.Orthogonal(1.5), shape, np.random.default_rng(0))
    assert values.shape == shape
    matrix = values.reshape(-1, shape[-1])
    rows, columns = matrix.shape
    products = matrix.T @ matrix if rows >= columns else matrix @ matrix.T
    FORMULA.check(products, 1.5**2 * np.eye(min(rows, columns)))


def test_orthogonal_matrices_are_no_more_likely_on_one_side():
    """Without the correction of signs, QR's diagonal would be of one sign."""
    rng = np.random.default_rng(0)
    corners = [draw(initializers.Orthogonal(), (3, 3), rng)[0, 0] for _ in range(400)]
    assert 150 < np.sum(np.array(corners) > 0) < 250


@pytest.mark.parametrize(
    ("shape", "fan_in", "fan_out"),
    [
        ((300, 200), 300, 200),
        ((3, 3, 80, 60), 9 * 80, 9 * 60),
        ((5, 100, 120), 5 * 100, 5 * 120),
        ((50_000,), 50_000, 50_000),
    ],
)
def test_fans_of_a_kernel_count_its_window(shape, fan_in, fan_out):
    rng = np.random.default_rng(0)
    for mode, fan in (("fan_in", fan_in), ("fan_out", fan_out)):
        initializer = initializers.VarianceScaling(1.0, mode, "uniform")
        SAMPLING.check(draw(initializer, shape, rng).std() * sqrt(fan), 1.0, name=mode)


def test_constants_are_drawn_as_they_are():
    rng = np.random.default_rng(0)
    EXACT.check(draw(initializers.Constant(0.25), (2, 3), rng), np.full((2, 3), 0.25))
    EXACT.check(draw(initializers.Identity(), (2, 2), rng), np.eye(2))


def network(name):
    """Each layer's weights are enough for their deviation to be known within sampling error."""
    if name == "attention":
        data = keras.Input((5, 24))
        outputs = layers.MultiHeadAttention(4, 16)(data, data)
    elif name == "embedding":
        data = keras.Input((5,), dtype="int32")
        outputs = layers.Embedding(100, 30)(data)
    else:
        shape, layer = {
            "dense": ((60,), layers.Dense(50)),
            "recurrent": ((5, 40), layers.GRU(30)),
            "depthwise": ((8, 8, 60), layers.DepthwiseConv2D(5)),
            "separable": ((8, 8, 50), layers.SeparableConv2D(60, 5)),
            "transposed": ((8, 8, 20), layers.Conv2DTranspose(15, 3)),
            "bidirectional": ((5, 40), layers.Bidirectional(layers.GRU(30))),
            "recurrent with dropout": ((5, 40), layers.LSTM(30, dropout=0.5)),
        }[name]
        data = keras.Input(shape)
        outputs = layer(data)
    return keras.Model(data, outputs)


LAYERS = [
    "attention",
    "bidirectional",
    "dense",
    "depthwise",
    "embedding",
    "recurrent",
    "recurrent with dropout",
    "separable",
    "transposed",
]


def drawn(name, seed):
    with numpy_weights(seed):
        return network(name)


@pytest.mark.parametrize("name", LAYERS)
def test_weights_are_drawn_from_the_distribution_of(name):
    model, plain = drawn(name, seed=0), network(name)
    for weight, other in zip(model.weights, plain.weights, strict=True):
        found, own = array(weight), array(other)
        if "seed_generator" in weight.path:
            continue
        if own.size < 1000:  # biases, an LSTM's with ones among the zeros
            EXACT.check(found, own, name=weight.path)
        else:
            assert np.mean(found == own) < 0.01, weight.path
            SMALL_SAMPLES.check(found.std() / own.std(), 1.0, name=weight.path)
    assert any(array(weight).size > 1000 for weight in plain.weights)


@pytest.mark.parametrize("name", LAYERS)
def test_a_seed_settles_every_weight_of(name):
    model, other, third = drawn(name, seed=3), drawn(name, seed=3), drawn(name, seed=4)
    for one, two in zip(model.weights, other.weights, strict=True):
        if "seed_generator" not in one.path:
            EXACT.check(array(one), array(two), name=one.path)
    for one, two in zip(model.trainable_weights, third.trainable_weights, strict=True):
        random = "bias" not in one.path
        assert (array(one) != array(two)).any() == random, one.path


def test_layers_of_one_shape_have_weights_of_their_own():
    with numpy_weights(seed=0):
        data = keras.Input((6,))
        model = keras.Model(data, layers.Dense(6)(layers.Dense(6)(data)))
    first, second = (array(layer.kernel) for layer in model.layers[1:])
    assert (first != second).all()


def test_attention_weights_have_the_fans_of_their_projections():
    for weight in drawn("attention", seed=0).trainable_weights:
        if weight.path.endswith("kernel"):
            # 24 channels to 4 heads of 16, or back: 24 and 64 either way.
            deviation = sqrt(2 / (24 + 64))
            SMALL_SAMPLES.check(array(weight).std() / deviation, 1.0, name=weight.path)


class Unnamed(layers.Layer):
    """A random weight that no attribute tells how to draw."""

    def build(self, shape):
        self.secret = self.add_weight(shape=(4,), initializer="random_normal", name="secret")

    def call(self, inputs):
        return inputs * self.secret


def test_a_layer_of_ones_own_is_drawn_like_any_other():
    secrets = []
    for _ in range(2):
        with numpy_weights(seed=0):
            secrets.append(array(keras.Sequential([keras.Input((4,)), Unnamed()]).weights[0]))
    EXACT.check(secrets[1], secrets[0])


def test_keras_draws_for_itself_again_afterwards_also_after_an_error():
    before = keras.initializers.VarianceScaling.__call__
    with pytest.raises(ZeroDivisionError), numpy_weights(seed=0):
        assert keras.initializers.VarianceScaling.__call__ is not before
        _ = 1 / 0
    assert keras.initializers.VarianceScaling.__call__ is before


@pytest.mark.parametrize("shape", [(3, 7), (7, 3)])
def test_weights_lie_in_memory_as_loaded_ones_do(shape):
    found = draw(initializers.Orthogonal(), shape, np.random.default_rng(0))
    assert found.flags.c_contiguous and found.shape == shape
