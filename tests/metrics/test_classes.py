"""What classifiers say of samples, against closed forms."""

import math

import numpy as np
import pytest

from tests.tolerances import FORMULA
from zoo import metrics
from zoo.data.sources.builtin import mixture_centres

pytestmark = pytest.mark.once


def test_the_score_is_the_number_of_classes_that_are_surely_and_equally_hit():
    sure = np.eye(10)[np.arange(50) % 5]
    FORMULA.check(metrics.classifier_score(sure), 5.0)
    FORMULA.check(metrics.classifier_score(np.full((7, 10), 0.1)), 1.0)
    FORMULA.check(metrics.classifier_score(np.eye(10)[np.zeros(5, int)]), 1.0)


def test_the_score_of_two_unequal_predictions():
    predicted = np.array([[0.8, 0.2], [0.4, 0.6]])
    marginal = [0.6, 0.4]
    divergences = [
        sum(p * math.log(p / m) for p, m in zip(row, marginal, strict=True)) for row in predicted
    ]
    FORMULA.check(metrics.classifier_score(predicted), math.exp(sum(divergences) / 2))


def test_probabilities_of_large_logits_are_finite():
    FORMULA.check(metrics.probabilities(np.array([[1000.0, 1000.0, 0.0]])), [[0.5, 0.5, 0.0]])


def test_label_accuracy_counts_the_classes_asked_for():
    logits = np.array([[3.0, 1.0], [0.0, 1.0], [2.0, -1.0], [0.0, 5.0]])
    assert metrics.label_accuracy(logits, np.array([0, 1, 1, 1])) == 0.75


def test_class_modes_leave_out_what_is_no_class_for_sure():
    predicted = np.array([[0.9, 0.1, 0.0], [0.8, 0.1, 0.1], [0.1, 0.9, 0.0], [0.4, 0.3, 0.3]])
    found = metrics.class_modes(predicted, np.array([0, 1, 2, 2]))
    assert (found.hit, found.quality) == (2, 0.75)
    expected = 2 / 3 * math.log((2 / 3) / 0.25) + 1 / 3 * math.log((1 / 3) / 0.25)
    FORMULA.check(found.reverse_kl, expected)
    unsure = metrics.class_modes(np.full((4, 3), 1 / 3), np.array([0, 1, 2]))
    assert (unsure.hit, unsure.quality, unsure.reverse_kl) == (0, 0.0, math.inf)


def test_modes_of_a_ring():
    centres = mixture_centres("ring")
    points = np.concatenate([centres[:4], centres[:4] + 0.02, [[0.0, 0.0]] * 2])
    found = metrics.mixture_modes(points, centres, stddev=0.01)
    assert (found.hit, found.quality) == (4, 0.8)
    FORMULA.check(found.reverse_kl, math.log(2))
