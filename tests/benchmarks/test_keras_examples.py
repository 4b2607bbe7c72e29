"""The cross-entropies of the examples, by hand, and their page."""

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


def test_the_page_has_a_row_for_each_record():
    shared = {"backend": "jax", "epochs": 10, "seed": 0, "conditions": "On a machine."}
    terms = {"cross_entropy": 0.0651, "floor": 0.0581, "mean_image": 0.2626}
    page = keras_examples.page(
        [
            {"example": "denoising", "result": terms, **shared},
            {"example": "vae", "result": {"reconstruction": 146.0, "divergence": 6.5}, **shared},
        ]
    )
    assert "| denoising | jax | 10 | 0.0651 | 0.0581 | 0.2626 | 0.0868 after 10 epochs |" in page
    assert "| vae | jax | 10 | 146.00 + 6.50 |" in page
    assert page.count("On a machine.") == 1
