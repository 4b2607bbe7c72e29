"""The cross-entropies of the examples, by hand."""

import math

import numpy as np
import pytest

from benchmarks.papers import keras_examples

pytestmark = pytest.mark.once


def test_data_have_their_entropy_as_floor():
    data = np.array([[0.0, 1.0, 0.5, 0.25]])
    inside = math.log(2) + 0.25 * math.log(4) + 0.75 * math.log(4 / 3)
    assert keras_examples.entropy(data) == pytest.approx(inside / 4)
    assert keras_examples.cross_entropy(data, data) == pytest.approx(inside / 4, abs=1e-6)


def test_a_wrong_certainty_costs_what_keras_counts():
    found = keras_examples.cross_entropy(np.array([1.0, 0.0]), np.array([0.0, 0.5]))
    assert found == pytest.approx((math.log(1e7) + math.log(2)) / 2)
