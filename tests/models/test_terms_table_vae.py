"""The likelihood of cells, and draws from it, on networks small enough to work out by hand."""

from math import log, pi

import numpy as np
import pytest

import zoo
from tests import tiny
from tests.arrays import arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.data import as_data, load_data
from zoo.data.sources.table import Table
from zoo.errors import ModelError

SCHEMA = {
    "columns": [
        {"name": "city", "kind": "category", "categories": ["Oslo", "Rome"]},
        {"name": "height", "kind": "number", "fill": 0.0},
    ],
    "form": "one-hot",
    "label": None,
    "standardization": None,
}
DATA = np.array([[1.0, 0.0, 1.0], [-0.5, 1.0, 0.0]], "float32")  # height, Oslo, Rome
EPSILON = np.array([[0.5], [-2.0]], "float32")
MEAN = np.array([[1.0], [0.5], [-1.0]]), np.array([0.25])
LOG_VARIANCE = np.array([[0.5], [0.0], [1.0]]), np.array([-1.0])
DECODING = np.array([[2.0, -1.0, 0.5]]), np.array([0.25, -0.5, 0.0])
STDDEV = 0.5  # exp of the weight, and 0.01


def make(**settings):
    """One number, one category of two values, one latent, every network one linear layer."""
    options = {"shape": (3,), "schema": SCHEMA, "latent_dim": 1, "network_options": {"width": []}}
    model = zoo.create("table_vae", **options | settings)
    model.encoder.get_layer("mean").set_weights(list(MEAN))
    model.encoder.get_layer("log_variance").set_weights(list(LOG_VARIANCE))
    model.decoder.set_weights([*DECODING, np.array([log(STDDEV - 0.01)])])
    return model


def decoded(latent):
    """The number's mean, and the category's probabilities."""
    made = latent @ DECODING[0] + DECODING[1]
    shares = np.exp(made[:, 1:])
    return made[:, :1], shares / shares.sum(axis=1, keepdims=True)


def test_a_number_is_normal_and_a_category_has_the_probabilities_of_a_softmax():
    found = arrays(make().elbo_loss({"data": tensor(DATA), "epsilon": tensor(EPSILON)}, True))
    mean = DATA @ MEAN[0] + MEAN[1]
    log_variance = DATA @ LOG_VARIANCE[0] + LOG_VARIANCE[1]
    center, shares = decoded(mean + np.exp(log_variance / 2) * EPSILON)
    normal = (DATA[:, :1] - center) ** 2 / (2 * STDDEV**2) + log(STDDEV) + log(2 * pi) / 2
    category = -np.log((DATA[:, 1:] * shares).sum(axis=1))
    reconstruction = np.mean(normal[:, 0] + category)
    kl = np.mean(0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance))
    FORMULA.check(found["reconstruction"], reconstruction)
    FORMULA.check(found["kl"], kl)
    FORMULA.check(found["loss"], reconstruction + kl)


def test_samples_are_drawn_from_the_likelihood_cell_by_cell():
    latent = np.array([[0.5], [0.5], [0.5]], "float32")
    center, shares = decoded(latent)
    first = shares[0, 0]
    given = {
        "latent": latent,
        "noise": np.array([[0.0], [1.0], [-2.0]], "float32"),
        "quantile": np.array([[first - 1e-3], [first + 1e-3], [1.0]], "float32"),
    }
    found = make().use("sample", **given)["data"]
    FORMULA.check(found[:, 0], center[:, 0] + STDDEV * given["noise"][:, 0])
    EXACT.check(found[:, 1:], [[1, 0], [0, 1], [0, 1]])
    decoded_data = make().decode(latent)
    FORMULA.check(decoded_data, np.concatenate([center, shares], axis=1))


def test_a_deviation_does_not_fall_to_zero():
    model = make()
    model.decoder.set_weights([*DECODING, np.array([-50.0])])
    part = model.decoder({"latent": np.zeros((2, 1), "float32")})
    FORMULA.check(np.asarray(arrays(part)["stddev"]), [[0.01], [0.01]])


def test_other_columns_are_named():
    other = as_data(DATA).replace(origin={"table": {**SCHEMA, "columns": SCHEMA["columns"][:1]}})
    with pytest.raises(ModelError, match=r"Received: others\. Accepted: load_data\(path, table="):
        make().evaluate(other)


@pytest.mark.once
def test_a_file_decides_the_columns_and_samples_are_rows_of_it(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("city,age\nRome,30\nOslo,50\nRome,40\n,20\n")
    with pytest.warns(UserWarning, match="missing"):
        data, _ = load_data(path)
    facts = zoo.describe("table_vae").load().facts(data)
    model = zoo.create("table_vae", **tiny.settings("table_vae") | facts)
    model.fit(data, steps=2, verbose=0)
    cells = Table.from_config(model.schema).decode(model.sample(50))
    assert list(cells) == ["city", "age"]
    assert set(cells["city"]) <= {"", "Oslo", "Rome"}
    assert all(cell.lstrip("-").isdigit() for cell in cells["age"])


@pytest.mark.once
@pytest.mark.parametrize(
    ("table", "shape"),
    [("a\nx\ny\nx\n", (2,)), ("a,b\n1,2\n3,1\n", (2,))],
    ids=["categories", "numbers"],
)
def test_columns_of_one_kind_alone_are_a_table(tmp_path, table, shape):
    path = tmp_path / "x.csv"
    path.write_text(table)
    data, _ = load_data(path)
    cls = zoo.describe("table_vae").load()
    model = zoo.create("table_vae", **tiny.settings("table_vae") | cls.facts(data))
    model.fit(data, steps=1, verbose=0)
    assert model.sample(2).shape == (2, *shape)


@pytest.mark.once
def test_what_is_no_table_of_the_model_is_named(tmp_path):
    with pytest.raises(ModelError, match="the table's data have 3 columns. Received: shape"):
        make(shape=(4,))
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,x\n2,y\n")
    data, _ = load_data(path, form="index")
    with pytest.raises(ModelError, match="one-hot columns. Received"):
        type(make()).facts(data)
    assert type(make()).facts(as_data(DATA))["schema"] is None
