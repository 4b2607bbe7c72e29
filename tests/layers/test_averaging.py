"""Averages of weights against numbers worked out by hand."""

import keras
import numpy as np
import pytest

from tests.arrays import array
from tests.tolerances import EXACT, FORMULA
from zoo.layers import BatchNormalization, SpectralDense
from zoo.model.average import WeightAverage, followed_by_average
from zoo.phase import Phase


@pytest.fixture
def weights():
    return [keras.Variable(np.array([1.0, 2.0], "float32")), keras.Variable([[4.0]])]


def assign(weights, first, second):
    weights[0].assign(np.array(first, "float32"))
    weights[1].assign(np.array([[second]], "float32"))


def check(variables, first, second, tolerance=FORMULA):
    tolerance.check(array(variables[0]), first)
    tolerance.check(array(variables[1]), [[second]])


def test_average_starts_at_the_weights(weights):
    check(WeightAverage(weights, 0.75).averages, [1.0, 2.0], 4.0, EXACT)


def test_the_decay_warms_up(weights):
    average = WeightAverage(weights, 0.15)
    assign(weights, [5.0, 2.0], -4.0)
    average.update(weights)  # (1 + 0)/(10 + 0)
    check(average.averages, [0.1 * 1 + 0.9 * 5, 2.0], 0.1 * 4 - 0.9 * 4)
    assign(weights, [-3.0, 6.0], 0.0)
    average.update(weights)  # .15, as (1 + 1)/(10 + 1) is more
    check(average.averages, [0.15 * 4.6 - 0.85 * 3, 0.15 * 2 + 0.85 * 6], 0.15 * -3.2)
    check(weights, [-3.0, 6.0], 0.0, EXACT)


def test_an_update_moves_only_the_averages_of_the_weights_it_is_given(weights):
    average = WeightAverage(weights, 0.5)
    assign(weights, [3.0, 4.0], 0.0)
    average.update(weights[1:])
    check(average.averages, [1.0, 2.0], 0.1 * 4.0)
    average.update(weights)  # The first weight's first update, the second one's second.
    check(average.averages, [0.1 * 1 + 0.9 * 3, 0.1 * 2 + 0.9 * 4], 2 / 11 * 0.4)
    EXACT.check(array(average.counts), [1.0, 2.0])


def test_averages_are_in_place_within_the_block_and_gone_after_it(weights):
    average = WeightAverage(weights, 0.5)
    own = [0.1, -1e-30], 1 / 3
    assign(weights, *own)
    with average.in_place():
        check(weights, [1.0, 2.0], 4.0, EXACT)
    check(weights, np.float32(own[0]), np.float32(own[1]), EXACT)
    check(average.averages, [1.0, 2.0], 4.0, EXACT)


def test_own_weights_return_when_the_block_raises(weights):
    average = WeightAverage(weights, 0.5)
    assign(weights, [7.0, 8.0], 9.0)
    with pytest.raises(KeyError), average.in_place():
        raise KeyError
    check(weights, [7.0, 8.0], 9.0, EXACT)


def test_average_owns_its_averages_and_not_the_weights(weights):
    average = WeightAverage(weights, 0.5)
    assert average.trainable_variables == []
    assert {id(v) for v in average.variables} == {
        id(v) for v in [*average.averages, average.counts]
    }


def test_what_a_phase_trains_is_followed_and_its_statistics_and_no_other_state():
    inputs = keras.Input((3,))
    network = keras.Model(inputs, BatchNormalization()(SpectralDense(2, use_bias=False)(inputs)))
    phase = Phase(lambda batch, training: {"loss": 0.0}, [network], keras.optimizers.SGD())
    names = [variable.name for variable in followed_by_average(phase)]
    assert names == ["kernel", "gamma", "beta", "moving_mean", "moving_variance"]
