"""Measures of tables on rows whose answers are known."""

import numpy as np
import pytest

import zoo
from tests import tiny
from tests.tolerances import FORMULA
from zoo import metrics
from zoo.data import as_data
from zoo.errors import ModelError
from zoo.metrics import tables
from zoo.metrics.judged import Runner

pytestmark = pytest.mark.once


def rows(count, seed, link=1.0):
    """Two numbers and a category of three, which the first number decides with the probability."""
    rng = np.random.default_rng(seed)
    category = rng.integers(3, size=count)
    shown = np.where(rng.random(count) < link, category, rng.integers(3, size=count))
    numbers = np.stack([shown + 0.1 * rng.normal(size=count), rng.normal(size=count)], axis=1)
    return np.concatenate([numbers, np.eye(3)[category]], axis=1).astype("float32")


def test_a_forest_tells_what_its_training_rows_tell():
    train, test, column = rows(300, 0), rows(300, 1), slice(2, 5)
    assert tables.predict_column(train, test, column).accuracy > 0.99
    alone = tables.shuffled_columns(train, 2, [3])
    assert tables.predict_column(alone, test, column).accuracy < 0.5
    FORMULA.check(np.sort(alone, axis=0), np.sort(train, axis=0))
    assert (alone[:, column].sum(axis=1) == 1).all()


def test_scores_of_three_categories():
    found = tables.scores(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]))
    assert found.accuracy == 0.5
    # Precision 1, recall 1/2; precision 1/3, recall 1; nothing of the third.
    FORMULA.check(found.f1, (2 / 3 + 1 / 2 + 0) / 3)
    test = np.array([[1, 0], [1, 0], [0, 1]])
    most = tables.predict_most_frequent(np.array([[1, 0], [1, 0], [0, 1]]), test, slice(0, 2))
    FORMULA.check([most.accuracy, most.f1], [2 / 3, 0.4])


def test_distances_of_marginals_and_of_correlations():
    real = np.array([[0.0, 1, 0], [1.0, 1, 0], [2.0, 0, 1], [3.0, 0, 1]])
    made = np.array([[1.0, 1, 0], [1.0, 1, 0], [2.0, 1, 0], [9.0, 0, 1]])
    # The cumulated shares differ by 1/4 at 0 and at 3; the category's by 1/4.
    assert tables.marginal_distance(real, made, 1, [2]) == 0.25
    assert tables.marginal_distance(real, real, 1, [2]) == 0
    constant = np.array([[1.0, 2.0], [1.0, 4.0]])
    together = np.array([[1.0, 2.0], [3.0, 4.0]])
    FORMULA.check(tables.correlation_distance(together, constant), 1.0)


def test_real_rows_in_the_place_of_samples_have_the_floors_scores():
    train, test = rows(200, 0, link=0.8), rows(100, 1, link=0.8)
    model = tiny.create("table_vae")

    def use(name, *, count=None, seed=0, **inputs):
        return {"data": train[:count]}

    runner = Runner(model, model.table(), use)
    report = metrics.evaluate(runner, as_data(train), as_data(test), metrics=["tables"])
    found = {score.metric: score for score in report.scores}
    for score in found.values():
        assert score.value == score.beside["training data"]
    beside = found["trained_on_samples_accuracy"].beside
    assert beside["independent columns"] < 0.6 < found["trained_on_samples_accuracy"].value
    assert 0.2 < beside["most frequent"] < 0.5
    with pytest.raises(ModelError, match="Did you mean 'city'"):
        metrics.evaluate(runner, as_data(train), as_data(test), predicted="cty")
    plain = zoo.create("gan", shape=(5,), value_range=None, **{"network_options": {"width": 4}})
    report = metrics.evaluate(plain, as_data(train), as_data(test), metrics=["tables"])
    assert not report.scores
