"""The layers of style-based generators, against NumPy."""

import numpy as np
import pytest
from keras import ops

from tests.arrays import array, tensor
from tests.tolerances import EXACT, FINITE_DIFFERENCE, FORMULA
from zoo import layers
from zoo.backends import input_gradient
from zoo.errors import ModelError

WEIGHTS = np.array([1, 3, 3, 1]) / 8


def draws(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_equalized_weights_are_scaled_as_they_are_used():
    layer = layers.EqualizedDense(2, rate=0.01)
    layer.build((None, 4))
    assert np.abs(array(layer._kernel)).max() > 20  # N(0, 100²)
    layer.set_weights([draws(4, 2), np.array([3.0, -1.0])])
    x = draws(3, 4, seed=1)
    expected = 0.01 * (x @ draws(4, 2) / 2 + [3.0, -1.0])
    FORMULA.check(array(layer(tensor(x))), expected)
    layer = layers.EqualizedConv1D(2, 3, use_bias=False)
    x = draws(1, 3, 4)
    layer.build(x.shape)
    (kernel,) = layer.get_weights()
    FORMULA.check(array(layer(tensor(x)))[0, 0], np.tensordot(x[0], kernel, 2) / np.sqrt(12))


@pytest.mark.parametrize("doubled", [False, True])
def test_demodulated_outputs_have_unit_variance_whatever_the_style(doubled):
    layer = layers.ModulatedConvolution(3, doubled=doubled)
    layer.build([(None, 5, 5, 4), (None, 4)])
    style = 10 ** draws(2, 4)
    kernel = array(layer.kernel) / np.sqrt(9 * 4)
    kernel = kernel.swapaxes(2, 3) if doubled else kernel
    scaled = (
        kernel
        * style[:, None, None, :, None]
        * array(layer.demodulation(tensor(style)))[:, None, None, None]
    )
    FORMULA.check((scaled**2).sum(axis=(1, 2, 3)), np.ones((2, 3)))


def test_a_modulated_convolution_has_a_kernel_of_each_samples_own():
    layer = layers.ModulatedConvolution(3)
    x, style = draws(2, 5, 4), draws(2, 4, seed=1)
    layer.build([x.shape, style.shape])
    layer.bias.assign(np.array([1.0, 2.0, 3.0]))
    found = array(layer([tensor(x), tensor(style)]))
    for row in range(2):
        kernel = array(layer.kernel) / np.sqrt(12) * style[row][:, None]
        kernel = kernel / np.sqrt((kernel**2).sum(axis=(0, 1)) + 1e-8)
        padded = np.pad(x[row], ((1, 1), (0, 0)))
        windows = np.stack([np.tensordot(padded[i : i + 3], kernel, 2) for i in range(5)])
        FORMULA.check(found[row], windows + [1.0, 2.0, 3.0])


def test_a_doubling_convolution_spreads_and_smooths():
    layer = layers.ModulatedConvolution(1, demodulate=False, doubled=True)
    x = draws(1, 4, 1)
    layer.build([x.shape, (1, 1)])
    kernel = array(layer.kernel)[:, 0, 0] / np.sqrt(3)
    spread = np.zeros(9)
    for place, value in enumerate(x[0, :, 0]):
        spread[2 * place : 2 * place + 3] += value * kernel
    expected = 2 * np.convolve(np.pad(spread, 1), WEIGHTS, "valid")
    found = array(layer([tensor(x), tensor([[1.0]])]))
    FORMULA.check(found[0, :, 0], expected)
    with pytest.raises(ModelError, match="The window of doubled is 3. Received: kernel_size=1"):
        layers.ModulatedConvolution(1, 1, doubled=True)


def test_the_second_derivative_by_the_style_is_that_of_the_differences():
    layer = layers.ModulatedConvolution(3, doubled=True)
    x, weights = tensor(draws(2, 3, 3, 4)), tensor(draws(2, 6, 6, 3, seed=2))
    style, direction = 1 + 0.3 * draws(2, 4, seed=1), draws(2, 4, seed=3)
    layer.build([x.shape, style.shape])

    def slope(style):
        return input_gradient(lambda s: layer([x, s]) * weights, style)

    found = array(input_gradient(lambda s: slope(s) * tensor(direction), tensor(style)))
    step = 1e-2
    ends = (array(slope(tensor(style + sign * step * direction))) for sign in (1, -1))
    # The Hessian of each row is symmetric.
    FINITE_DIFFERENCE.check(found, (next(ends) - next(ends)) / (2 * step))


def test_a_blur_weighs_four_neighbours():
    x = draws(1, 5, 6, 2)
    found = array(layers.Blur([(2, 1), (0, 2)], gain=3.0)(tensor(x)))
    assert found.shape == (1, 5, 5, 2)
    padded = np.pad(x[0], ((2, 1), (0, 2), (0, 0)))
    expected = np.einsum("ijc,i,j->c", padded[1:5, 2:6], WEIGHTS, WEIGHTS)
    FORMULA.check(found[0, 1, 2], 3 * expected)


def test_the_deviation_over_the_batch_is_a_channel():
    x = draws(3, 2, 2, 2)
    found = array(layers.MinibatchDeviation()(tensor(x)))
    EXACT.check(found[..., :2], x)
    FORMULA.check(found[..., 2], np.full((3, 2, 2), x.std(axis=0).mean()))


def test_rows_are_compared_by_the_distance_of_their_projections():
    layer = layers.MinibatchDiscrimination(kernels=2, kernel_dim=3)
    x = draws(4, 5)
    layer.build(x.shape)
    projection = draws(5, 6)
    layer.projection.assign(projection)
    found = array(layer(tensor(x)))
    EXACT.check(found[:, :5], x)
    rows = (x.astype("float64") @ projection).reshape(4, 2, 3)
    for row in range(4):
        for kernel in range(2):
            distances = np.abs(rows[row, kernel] - rows[:, kernel]).sum(axis=1)
            FORMULA.check(found[row, 5 + kernel], np.exp(-distances).sum())


def test_styles_are_truncated_towards_the_mean_of_those_in_training():
    layer = layers.Truncation(momentum=0.75)
    style = draws(3, 2)
    given = [tensor(style), tensor(np.ones(3))]
    FORMULA.check(array(layer(given, training=True)), style)
    layer(given, training=True)
    mean = (0.75 * 0.25 + 0.25) * style.mean(axis=0)
    factors = np.array([0.0, 0.5, 1.0])
    found = array(layer([tensor(style), tensor(factors)], training=False))
    FORMULA.check(found, mean + factors[:, None] * (style - mean))
    FORMULA.check(array(layer.moving_mean), mean)


def test_noise_is_added_as_strongly_as_learned():
    layer = layers.ScaledNoise()
    x, noise = tensor(draws(2, 3, 4)), tensor(draws(2, 3, 1, seed=1))
    EXACT.check(array(layer([x, noise])), draws(2, 3, 4))
    layer.strength.assign(0.5)
    FORMULA.check(array(layer([x, noise])), draws(2, 3, 4) + 0.5 * draws(2, 3, 1, seed=1))
    assert tuple(ops.shape(layer.strength)) == ()
