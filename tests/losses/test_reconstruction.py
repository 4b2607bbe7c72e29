"""The reconstruction losses against numbers worked out by hand."""

from math import exp, log, pi

import numpy as np
import pytest

from tests.arrays import array, sigmoid, tensor
from tests.tolerances import FORMULA
from zoo import losses

SHAPES = [(3,), (3, 2), (3, 4, 2), (2, 3, 4, 2)]


def test_bernoulli_sums_over_features_and_has_a_number_for_each_row():
    data = tensor([[1.0, 0.0], [0.5, 1.0]])
    logits = tensor([[log(3), log(3)], [0.0, -log(3)]])  # probabilities 3/4, 3/4; 1/2, 1/4
    first = -log(3 / 4) - log(1 / 4)
    second = -log(1 / 2) - log(1 / 4)
    FORMULA.check(array(losses.bernoulli_rows(data, logits)), [first, second])
    FORMULA.check(array(losses.binary_cross_entropy(data, logits)), (first + second) / 4)


def test_gaussian_is_minus_the_log_density():
    data, mean = tensor([[1.0, 2.0], [0.0, 0.0]]), tensor([[0.0, 2.0], [3.0, 0.0]])
    constant = 2 * 0.5 * log(2 * pi)
    expected = np.array([0.5, 4.5]) + constant
    FORMULA.check(array(losses.gaussian_rows(data, mean)), expected)
    halved = losses.gaussian_rows(data, mean, 0.5)
    FORMULA.check(array(halved), np.array([2.0, 18.0]) + constant - 2 * log(2))


def test_mean_squared_error_averages_over_batch_and_features():
    data, other = tensor([[1.0, 2.0], [0.0, 0.0]]), tensor([[0.0, 2.0], [3.0, -1.0]])
    FORMULA.check(array(losses.mean_squared_error(data, other)), (1 + 0 + 9 + 1) / 4)


@pytest.mark.parametrize("shape", SHAPES)
def test_reconstruction_losses_take_data_of_any_rank(shape):
    rng = np.random.default_rng(0)
    data, logits = rng.random(shape), rng.normal(0, 3, shape)

    def rows(terms):
        return terms.reshape(len(data), -1).sum(axis=1)

    probability = sigmoid(logits)
    entropy = -data * np.log(probability) - (1 - data) * np.log(1 - probability)
    squares = (data - logits) ** 2
    gaussian = squares / (2 * 0.7**2) + log(0.7) + 0.5 * log(2 * pi)
    pair = tensor(data), tensor(logits)
    FORMULA.check(array(losses.bernoulli_rows(*pair)), rows(entropy))
    FORMULA.check(array(losses.binary_cross_entropy(*pair)), entropy.mean())
    FORMULA.check(array(losses.gaussian_rows(*pair, 0.7)), rows(gaussian))
    FORMULA.check(array(losses.mean_squared_error(*pair)), squares.mean())


@pytest.mark.parametrize(
    ("datum", "logit", "expected"),
    [
        (0.0, 50.0, 50.0),
        (1.0, 50.0, 0.0),
        (0.25, 50.0, 37.5),
        (0.0, -50.0, 0.0),
        (1.0, -50.0, 50.0),
        (0.25, -50.0, 12.5),
    ],
)
def test_cross_entropies_are_right_at_extreme_logits(datum, logit, expected):
    data, logits = tensor([[datum, datum]]), tensor([[logit, logit]])
    FORMULA.check(array(losses.bernoulli_rows(data, logits)), [2 * expected])
    FORMULA.check(array(losses.binary_cross_entropy(data, logits)), expected)


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ([3, 3, 3, 3], 1.0),
        ([0, 0, 1, 1], 2.0),
        ([0, 1, 2, 3], 4.0),
        ([[0, 0], [0, 2]], exp(-0.75 * log(0.75) - 0.25 * log(0.25))),
    ],
)
def test_perplexity_is_the_effective_number_of_indices(indices, expected):
    FORMULA.check(array(losses.perplexity(tensor(indices, "int32"), 4)), expected)
