"""The terms of the text model, with a writer whose probabilities are known."""

import numpy as np
import pytest

import zoo
from tests import tiny
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.data import Data, Field, load_data
from zoo.data.sources.text import END
from zoo.errors import ModelError
from zoo.networks import apply

DATA = np.array([[1, 2, 0, 0, 1], [2, 2, 1, 0, 0]], "int32")
SHARES = np.array([0.5, 0.3, 0.2])
LENGTH = 5


def make(vocabulary=("a", "b", "c"), **settings):
    return tiny.create("text_vae", vocabulary=vocabulary, **settings)


def with_shares(model):
    """The model, whose writer gives every token the same probability everywhere."""
    kernel, _ = (array(w) for w in model.teacher.get_layer("logits").weights)
    model.teacher.get_layer("logits").set_weights([0 * kernel, np.log(SHARES)])
    return model


def terms(model, seen=1.0, step=0.0, training=True):
    batch = {
        "data": tensor(DATA, "int32"),
        "epsilon": tensor(np.zeros((2, 4), "float32")),
        "seen": tensor(np.full((2, LENGTH), seen, "float32")),
        "step": tensor(np.float32(step)),
    }
    return arrays(model.elbo_loss(batch, training))


@pytest.mark.parametrize(("step", "weight"), [(1, 0.25), (9, 1)])
def test_the_divergence_gains_its_weight(step, weight):
    found = terms(with_shares(make(warm_up=4)), step=step)
    reconstruction = -np.log(SHARES[DATA]).sum() / 2
    FORMULA.check(found["reconstruction"], reconstruction)
    FORMULA.check(found["loss"], reconstruction + weight * found["kl"])
    FORMULA.check(found["perplexity"], np.exp((reconstruction + found["kl"]) / LENGTH))


def test_a_line_counts_up_to_its_first_end():
    model = with_shares(make((END, "a", "b")))
    counted = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]])
    nats = -np.log(SHARES[DATA]) * counted
    found = terms(model)
    FORMULA.check(found["reconstruction"], nats.sum() / 2)
    FORMULA.check(found["perplexity"], np.exp((nats.sum() / 2 + found["kl"]) / 3.5))
    found = model.use("anomaly", data=DATA)
    FORMULA.check(found["score"], nats.sum(axis=1) / counted.sum(axis=1))
    FORMULA.check(found["heat"], nats)


def test_dropped_tokens_are_hidden_from_the_writer_in_training_alone(monkeypatch):
    model, seen = make(), []

    def recording(network, values, training=False):
        seen.extend([array(values["previous"]).tolist()] if "previous" in values else [])
        return apply(network, values, training)

    monkeypatch.setattr("zoo.autoencoders.text_vae.apply", recording)
    for options in ({"seen": 1.0}, {"seen": 0.0}, {"seen": 0.0, "training": False}):
        terms(model, **options)
    before = [[3, 1, 2, 0, 0], [3, 2, 2, 1, 0]]  # 3 stands before the first, 4 for a dropped one
    assert seen == [before, [[3, 4, 4, 4, 4]] * 2, before]


def test_a_written_text_is_what_the_teacher_forced_writer_makes_likely():
    model = make(width=6)
    rng = np.random.default_rng(0)
    for weight in model.teacher.weights:
        if "float" in str(weight.dtype):
            weight.assign(rng.normal(size=weight.shape).astype("float32"))
    latent = rng.normal(size=(8, 4)).astype("float32")
    quantile = rng.uniform(size=(8, LENGTH)).astype("float32")
    greedy = model.decode(latent)
    drawn = model.use("sample", latent=latent, quantile=quantile)["data"]
    assert len(np.unique(greedy)) > 1 and (greedy != drawn).any()
    for made, wanted in ((greedy, None), (drawn, quantile)):
        previous = np.concatenate([np.full((8, 1), 3), made[:, :-1]], axis=1).astype("int32")
        logits = array(apply(model.teacher, {"previous": previous, "latent": latent})["logits"])
        shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
        passed = (np.cumsum(shares, axis=-1) <= (0 if wanted is None else wanted[..., None])).sum(
            -1
        )
        EXACT.check(made, logits.argmax(axis=-1) if wanted is None else np.minimum(passed, 2))


@pytest.mark.once
def test_half_precision_writes_any_token_of_a_large_vocabulary():
    names = tuple(str(index) for index in range(300))  # bfloat16 counts to 256
    model = make(names, precision="mixed_bfloat16")
    head = model.teacher.get_layer("logits")
    head.set_weights([np.zeros(w.shape, "float32") for w in head.weights])
    quantile = np.repeat(np.array([[257.5], [259.5]], "float32") / 300, LENGTH, axis=1)
    latent = np.zeros((2, model.latent_dim), "float32")
    (written,) = model.use("sample", latent=latent, quantile=quantile).values()
    EXACT.check(written, [[257] * LENGTH, [259] * LENGTH])


def test_another_vocabulary_is_named():
    model = make()
    other = Data(Field(DATA, "index", size=3, names=list("abd")))
    with pytest.raises(ModelError, match=r"vocabulary\. Received: others\. Accepted: load_data"):
        model.evaluate(other)


def test_a_file_decides_the_vocabulary_and_numbers_are_rejected(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("a rose is a rose")
    data, _ = load_data(path, tokens="words", length=2)
    cls = zoo.describe("text_vae").load()
    facts = cls.facts(data)
    assert facts["vocabulary"] == ("<unknown>", "a", "rose", "is")
    assert (facts["tokens"], facts["shape"]) == ("words", (2,))
    with pytest.raises(ModelError, match="reads tokens. Received: numbers. Accepted: a text file"):
        cls.facts(load_data("ring")[0])
