"""The marginalised label of M2, row by row, and the classifier that it trains."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.data import Data, as_data, labelled
from zoo.networks import apply

DATA = np.array([[1.0, 0.0], [0.25, 0.5], [0.5, 0.75]], "float32")
CLASSES = 3
EPSILON = np.random.default_rng(0).normal(size=(3, CLASSES, 1)).astype("float32")


@pytest.fixture(scope="module")
def model():
    options = {"network_options": {"depth": 0}, "classifier_weight": 0.7, "value_range": None}
    return zoo.create(
        "semi_supervised_vae", shape=(2,), latent_dim=1, num_classes=CLASSES, **options
    )


def terms(model, labels, **more):
    fields = {"data": tensor(DATA), "epsilon": tensor(EPSILON), "step": tensor(0.0)}
    return arrays(model.elbo_loss({**fields, "labels": tensor(labels, "int32"), **more}, True))


def bound(model, row, label):
    """−log N(data; output, 1) + KL + log 3 of one row with one label."""
    one = {"data": tensor(DATA[row : row + 1]), "labels": tensor([label], "int32")}
    posterior = arrays(apply(model.encoder, one))
    mean, log_variance = (posterior[name].item() for name in ("mean", "log_variance"))
    latent = mean + np.exp(log_variance / 2) * EPSILON[row, label]
    logits = apply(model.decoder_logits, {**one, "latent": tensor([latent])})["data"]
    error = 0.5 * np.sum((array(logits) - DATA[row]) ** 2) + np.log(2 * np.pi)
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)
    return error + kl + np.log(CLASSES)


def log_shares(model, data=DATA):
    logits = array(apply(model.classifier_logits, {"data": tensor(data)})["logits"])
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def marginal(model, row):
    """Σ q(label)·(bound + log q(label))."""
    logs = log_shares(model)[row]
    return sum(np.exp(logs[c]) * (bound(model, row, c) + logs[c]) for c in range(CLASSES))


def test_a_labelled_row_has_the_bound_of_its_label(model):
    labels = [2, 0, 1]
    bounds = [bound(model, row, label) for row, label in enumerate(labels)]
    cross_entropy = -np.mean(log_shares(model)[np.arange(3), labels])
    found = terms(model, labels)
    FORMULA.check(found["cross_entropy"], cross_entropy)
    FORMULA.check(found["loss"], np.mean(bounds) + 0.7 * cross_entropy)


def test_the_label_of_an_unlabelled_row_is_summed_over(model):
    found = terms(model, [-1, -1, -1])
    assert found["cross_entropy"] == 0
    FORMULA.check(found["loss"], np.mean([marginal(model, row) for row in range(3)]))


def test_the_marginal_bound_is_the_best_that_labels_can_do(model):
    """−log Σ exp(−bound) is its least value over all classifiers."""
    for row in range(3):
        bounds = np.array([bound(model, row, c) for c in range(CLASSES)])
        assert marginal(model, row) >= -np.log(np.exp(-bounds).sum())


def test_a_batch_of_both_takes_the_mean_over_its_rows(model):
    found = terms(model, [-1, 1, -1])
    bounds = [marginal(model, 0), bound(model, 1, 1), marginal(model, 2)]
    cross_entropy = -log_shares(model)[1, 1]
    FORMULA.check(found["loss"], np.mean(bounds) + 0.7 * cross_entropy)


def test_a_stream_of_labelled_rows_is_for_the_classifier(model):
    few = {"labelled": tensor(DATA[:2]), "labelled_labels": tensor([1, 2], "int32")}
    found = terms(model, [-1, -1, -1], **few)
    expected = -np.mean(log_shares(model)[[0, 1], [1, 2]])
    FORMULA.check(found["cross_entropy"], expected)
    unlabelled = terms(model, [-1, -1, -1])["loss"]
    FORMULA.check(found["loss"], unlabelled + 0.7 * expected)


def test_classifying_gives_the_likeliest_label_and_all_probabilities(model):
    found = model.use("classify", data=DATA)
    FORMULA.check(found["probability"], np.exp(log_shares(model)))
    EXACT.check(found["label"], log_shares(model).argmax(axis=1))
    assert found["label"].dtype == "int32"


@pytest.mark.once
@pytest.mark.parametrize("few", [Data.hide_labels, labelled])
def test_few_labels_teach_the_classes(few):
    """Three blobs, one label each, in units of their deviations far apart."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    centres = np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]])
    points = np.clip(centres[labels] + 0.05 * rng.normal(size=(300, 2)), 0, 1)
    data = as_data((points.astype("float32"), labels), shape=(2,))
    model = zoo.create(
        "semi_supervised_vae",
        shape=(2,),
        num_classes=3,
        latent_dim=1,
        likelihood="gaussian",
        stddev=0.05,
        network_options={"width": 16},
        learning_rate=1e-2,
    )
    model.fit(few(data, 30), steps=200, batch_size=50, verbose=0)
    accuracy = np.mean(model.use("classify", data=points.astype("float32"))["label"] == labels)
    assert accuracy > 0.95
