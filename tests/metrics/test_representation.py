"""What codes tell: separable clusters, chance, and agreements counted by hand."""

import math

import numpy as np
import pytest

from tests.tolerances import FORMULA
from zoo import metrics

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def clusters():
    """Three classes far apart along one axis, and an axis of noise that is larger."""
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 3
    codes = np.stack([labels + 0.05 * rng.normal(size=240), 50 * rng.normal(size=240)], axis=1)
    return codes[:120], labels[:120], codes[120:], labels[120:]


def test_separable_codes_are_probed_without_an_error(clusters):
    assert metrics.probe_accuracy(*clusters) == 1.0


def test_neighbours_read_standardized_codes(clusters):
    assert metrics.neighbour_accuracy(*clusters) > 0.9


def test_codes_that_tell_nothing_are_at_chance(clusters):
    rng = np.random.default_rng(1)
    train, test = rng.normal(size=(2, 2000, 4))
    labels, asked = rng.integers(4, size=(2, 2000))
    for score in (metrics.probe_accuracy, metrics.neighbour_accuracy):
        assert abs(score(train, labels, test, asked) - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 2000)


def test_indices_are_one_hot_and_not_numbers():
    """Classes in the parity of an index: no line separates them, a plane of one-hot rows does."""
    train = np.arange(64).reshape(64, 1) % 8
    found = metrics.probe_accuracy(train, train[:, 0] % 2, train[:8], train[:8, 0] % 2)
    assert found == 1.0
    as_numbers = train.astype("float32")
    assert metrics.probe_accuracy(as_numbers, train[:, 0] % 2, as_numbers[:8], train[:8, 0] % 2) < 1
    found = metrics.neighbour_accuracy(train, train[:, 0] % 2, train[:8], train[:8, 0] % 2)
    assert found == 1.0
    unseen = np.full((8, 1), 99)
    assert 0 <= metrics.probe_accuracy(train, train[:, 0] % 2, unseen, train[:8, 0] % 2) <= 1


def test_agreement_matches_each_cluster_with_one_class():
    labels = np.array([0, 0, 0, 1, 1, 1])
    found = metrics.agreement(np.array([1, 1, 1, 0, 0, 0]), labels)
    assert (found.accuracy, found.normalized_mutual_information) == (1.0, pytest.approx(1.0))
    found = metrics.agreement(np.array([1, 1, 0, 0, 0, 0]), labels)
    FORMULA.check(found.accuracy, 5 / 6)
    # Entropies ln 2 and H(1/3); the joint one is of 1/3, 1/6, 1/2.
    h = -(1 / 3 * math.log(1 / 3) + 2 / 3 * math.log(2 / 3))
    joint = -(1 / 3 * math.log(1 / 3) + 1 / 6 * math.log(1 / 6) + 0.5 * math.log(0.5))
    expected = (math.log(2) + h - joint) / ((math.log(2) + h) / 2)
    FORMULA.check(found.normalized_mutual_information, expected)


def test_clusters_far_apart_are_found_and_noise_is_not():
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    centres = np.array([[0, 0], [10, 0], [0, 10]])[labels]
    found = metrics.clustering(centres + rng.normal(size=(90, 2)), labels)
    assert found.accuracy == 1.0
    noise = metrics.clustering(rng.normal(size=(90, 2)), labels)
    assert noise.accuracy < 0.6 and noise.normalized_mutual_information < 0.2
