"""CTGAN's normalization, its conditions and its losses, on numbers worked out by hand."""

from math import exp, log, sqrt

import numpy as np
import pytest

import zoo
from tests import tiny
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.data import as_data, load_data
from zoo.data.batch_order import WeightedOrder
from zoo.data.column_mixtures import fit_modes, log_frequency
from zoo.data.sources.table import Table
from zoo.errors import DataError
from zoo.layers import ColumnModes, Condition

SCHEMA = {
    "columns": [
        {"name": "height", "kind": "number", "fill": 0.0},
        {"name": "city", "kind": "category", "categories": ["Oslo", "Rome"]},
        {"name": "size", "kind": "category", "categories": ["L", "M", "S"]},
    ],
    "form": "one-hot",
    "label": None,
    "standardization": None,
}
ROWS = np.array(
    [[0.5, 1, 0, 0, 1, 0], [-1.0, 0, 1, 0, 0, 1], [2.0, 1, 0, 1, 0, 0], [0.0, 1, 0, 0, 1, 0]],
    "float32",
)


def make(**settings):
    """One number, a category of two values and one of three, two modes, networks of one layer."""
    options = {"modes": 2, "latent_dim": 1, "network_options": {"width": []}, "packing": 2}
    return zoo.create("table_gan", shape=(6,), schema=SCHEMA, **options | settings)


def modes():
    """Two columns; the first has the modes N(0, 1) of 3/4 and N(10, 2²) of 1/4, and no third."""
    layer = ColumnModes()
    layer.build([(None, 2, 3), (None, 2)])
    layer.weight.assign(np.array([[0.75, 0.25, 0.0], [1.0, 0.0, 0.0]]))
    layer.mean.assign(np.array([[0.0, 10.0, 0.0], [5.0, 0.0, 0.0]]))
    layer.stddev.assign(np.array([[1.0, 2.0, 1.0], [0.5, 1.0, 1.0]]))
    return layer


def test_a_number_is_a_mode_and_a_scalar_within_four_deviations():
    numbers = np.array([[0.5, 5.0], [12.0, 5.5], [-9.0, 4.0]], "float32")
    scalars, chosen = modes().normalize(tensor(numbers), tensor(np.full((3, 2), 0.5, "float32")))
    # 0.5 of N(0, 1); (12 - 10) / 8; -9 / 4 is beyond what a tangent reaches.
    FORMULA.check(array(scalars), [[0.125, 0.0], [0.25, 0.25], [-0.99, -0.5]])
    EXACT.check(array(chosen)[:, 0], [[1, 0, 0], [0, 1, 0], [1, 0, 0]])
    EXACT.check(array(chosen)[:, 1], [[1, 0, 0]] * 3)


def test_the_mode_is_drawn_from_the_posterior():
    near, far = 0.75 * exp(-(4.0**2) / 2), 0.25 / 2 * exp(-(3.0**2) / 2)
    share = near / (near + far)
    quantiles = np.array([[share - 1e-3, 0.0], [share + 1e-3, 0.999]], "float32")
    numbers = tensor(np.array([[4.0, 5.0], [4.0, 5.0]], "float32"))
    scalars, chosen = modes().normalize(numbers, tensor(quantiles))
    EXACT.check(array(chosen)[:, 0], [[1, 0, 0], [0, 1, 0]])
    FORMULA.check(array(scalars)[:, 0], [0.99, -0.75])


def test_the_inverse_gives_the_numbers_back_and_no_mode_that_is_not_there():
    layer = modes()
    numbers = np.array([[0.5, 5.0], [12.0, 5.5], [4.0, 4.0]], "float32")
    quantiles = tensor(np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 0.5]], "float32"))
    scalars, chosen = layer.normalize(tensor(numbers), quantiles)
    FORMULA.check(array(layer([chosen, scalars])), numbers)
    logits = tensor(np.array([[[0.0, 1.0, 50.0], [-3.0, 50.0, 50.0]]], "float32"))
    found = layer([logits, tensor(np.array([[0.5, -0.5]], "float32"))])
    FORMULA.check(array(found), [[10 + 4 * 2 * 0.5, 5 - 4 * 0.5 * 0.5]])


@pytest.mark.once
def test_mixtures_find_the_modes_and_leave_out_those_that_are_not_there():
    rng = np.random.default_rng(0)
    chosen = rng.random(4000) < 0.7
    column = np.where(chosen, rng.normal(-2, 0.2, 4000), rng.normal(3, 0.5, 4000))
    weights, means, stddevs = fit_modes(np.stack([column, np.zeros(4000)], axis=1), 4)
    by_weight = np.argsort(-weights[0])[:2]
    assert weights[0, by_weight] == pytest.approx([0.7, 0.3], abs=0.03)
    assert means[0, by_weight] == pytest.approx([-2, 3], abs=0.05)
    assert stddevs[0, by_weight] == pytest.approx([0.2, 0.5], abs=0.05)
    assert weights[1].tolist() == [1, 0, 0, 0] and means[1, 0] == 0
    assert (weights.sum(axis=1) == pytest.approx(1)) and (stddevs > 0).all()


def test_a_condition_comes_as_often_as_its_frequency():
    layer = Condition(4)
    layer.build((None, 1))
    layer.frequency.assign([0.25, 0.25, 0.375, 0.125])
    found = layer(tensor(np.array([[0.0], [0.3], [0.5], [0.8], [0.9], [1.0]], "float32")))
    EXACT.check(array(found).argmax(axis=1), [0, 1, 2, 2, 3, 3])


@pytest.mark.once
def test_rows_are_drawn_by_the_logarithm_of_the_frequency():
    counts = [8, 1, 3, 3, 3]
    found = log_frequency(np.array(counts), (2, 3))
    logs = np.array([log(9), log(2)])
    FORMULA.check(found[:2], 0.5 * logs / logs.sum() / [8, 1])
    FORMULA.check(found[2:], [0.5 / 9] * 3)
    assert (found * counts).sum() == pytest.approx(1)
    assert log_frequency(np.array([5, 0]), (2,)).tolist() == [0.2, 0]


@pytest.mark.once
def test_weights_of_rows_are_their_probabilities_and_steps_can_be_resumed():
    order = WeightedOrder(np.array([1.0, 0.0, 3.0]), batch_size=3, seed=0, batches_per_step=2)
    drawn = np.concatenate([order.indices(step, part) for step in range(500) for part in (0, 1)])
    assert set(drawn) == {0, 2}
    assert np.mean(drawn == 2) == pytest.approx(0.75, abs=4 * sqrt(0.75 * 0.25 / len(drawn)))
    again = WeightedOrder(np.array([1.0, 0.0, 3.0]), batch_size=3, seed=0, batches_per_step=2)
    assert again.indices(7, 1).tolist() == order.indices(7, 1).tolist()
    with pytest.raises(DataError, match="not all 0"):
        WeightedOrder(np.zeros(3), batch_size=1, seed=0)
    model = make()
    weights = model.row_weights(as_data(ROWS))
    city, size = (log(4) / log(8) / 3, log(2) / log(8)), (log(2) / log(12), log(3) / log(12) / 2)
    FORMULA.check(weights, [(city[k] + size[n]) / 2 for k, n in ((0, 1), (1, 0), (0, 0), (0, 1))])


def test_the_column_of_a_condition_is_drawn_by_its_share_in_the_row():
    model = make()
    model.shares.assign([0.1, 0.4, 0.3, 0.3, 0.2])
    columns = [[0.24], [2 / 3 + 0.01], [0.26], [1.0]]
    given = {"data": tensor(ROWS), "column": tensor(np.float32(columns))}
    found = array(model.conditions(given))
    # The city's shares are 1/4 of the first row, 2/3 of the second, 1/4 of the third.
    expected = [[1, 0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    EXACT.check(found, expected)


def batch(model, **more):
    rng = np.random.default_rng(0)
    noise = {name: one.draw(rng, len(ROWS)) for name, one in model.noise.items()}
    return {name: tensor(value) for name, value in (noise | {"data": ROWS} | more).items()}


def test_the_generator_loses_the_cross_entropy_of_the_conditions_column():
    model = make(weight_decay=0.5)
    given = batch(model, column=np.float32([[0.0], [1.0], [0.0], [1.0]]))
    logits = array(model.encoded(given, True))
    places = [(0, slice(3, 5)), (2, slice(5, 8)), (0, slice(3, 5)), (1, slice(5, 8))]
    rows = [
        log(np.exp(row[block]).sum()) - row[block][place]
        for row, (place, block) in zip(logits, places, strict=True)
    ]
    found = arrays(model.generator_loss(given, True))
    FORMULA.check(found["condition"], np.mean(rows))
    squares = sum((array(v) ** 2).sum() for v in model.generator.trainable_variables)
    FORMULA.check(found["squares"], squares)
    samples = array(model.generate(given, True))
    packs = array(model.pack(tensor(samples)))
    logit = array(model.discriminator({"packed": tensor(packs)})["logit"])
    FORMULA.check(found["loss"], -logit.mean() + np.mean(rows) + 0.25 * squares)


def test_choices_are_soft_in_training_and_hard_in_samples():
    model = make(temperature=0.2)
    given = batch(model)
    logits, quantiles = array(model.encoded(given, True)), array(given["quantile"])
    noisy = logits[:, 1:] - np.log(-np.log(quantiles))
    soft = array(model.generate(given, True))
    FORMULA.check(soft[:, 0], np.tanh(logits[:, 0]))
    # The second mode of the column does not exist before data were seen.
    EXACT.check(soft[:, 1:3], [[1, 0]] * 4)
    shares = np.exp(noisy[:, 2:4] / 0.2)
    FORMULA.check(soft[:, 3:5], shares / shares.sum(axis=1, keepdims=True))
    hard = model.cells({"encoded": tensor(logits), "quantile": tensor(quantiles)})
    cells = array(hard["data"])
    FORMULA.check(cells[:, 0], 4 * np.tanh(logits[:, 0]))
    EXACT.check(cells[:, 1:3], np.eye(2)[noisy[:, 2:4].argmax(axis=1)])
    EXACT.check(cells[:, 3:], np.eye(3)[noisy[:, 4:].argmax(axis=1)])


def test_the_penalty_takes_one_point_between_each_two_packs():
    model = make()
    seen = {}
    model.slope = lambda point, batch, training, side: seen.setdefault("mix", batch["mix"])
    given = batch(model, mix=np.float32([[0.1], [0.2], [0.3], [0.4]]))
    model.penalty_terms(model.generate(given, True), given, True)
    FORMULA.check(array(seen["mix"])[:, 0], [0.1, 0.2, 0.1, 0.2])


@pytest.mark.once
def test_networks_are_those_of_the_paper():
    """Section 4.4: what each layer of the generator reads stands beside what it makes."""
    model = zoo.create("table_gan", shape=(5,), schema=tiny.settings("table_gan")["schema"])
    read, row = 128 + 3, 2 + 2 * 10 + 3
    dense = read * 256 + (read + 256) * 256 + (read + 512) * row + row
    assert sum(np.prod(v.shape) for v in model.generator.trainable_variables) == dense + 4 * 256
    critic = 10 * (row + 3) * 256 + 256 + 256 * 256 + 256 + 256
    assert model.discriminator.count_params() == critic
    names = {f"discriminator_mask_{i}": 256 for i in range(2)}
    assert {n: v.shape[0] for n, v in model.noise.items() if "mask" in n} == names


@pytest.mark.once
def test_packs_have_masks_of_their_own():
    model = make(network_options={"width": [4]}, packing=2)
    masks = {"discriminator_mask_0": np.arange(16.0).reshape(4, 4)}
    real, fake = (model._dropped(masks, 2, side) for side in ("real", "fake"))
    assert real["discriminator_mask_0"].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert fake["discriminator_mask_0"].tolist() == [[8, 9, 10, 11], [12, 13, 14, 15]]
    assert len(model._dropped(masks, 3, "fake")["discriminator_mask_0"]) == 3


@pytest.mark.once
@pytest.mark.parametrize(
    ("table", "uses"),
    [("a\nx\ny\nx\n", ["sample", "sample_given"]), ("a\n1\n3\n2\n", ["sample"])],
    ids=["categories", "numbers"],
)
def test_columns_of_one_kind_alone_are_a_table(tmp_path, table, uses):
    (tmp_path / "x.csv").write_text(table)
    data, _ = load_data(tmp_path / "x.csv")
    settings = tiny.settings("table_gan") | zoo.describe("table_gan").load().facts(data)
    model = zoo.create("table_gan", **settings)
    model.fit(data, steps=1, verbose=0)
    assert list(Table.from_config(model.schema).decode(model.sample(3))) == ["a"]
    assert list(model.table()) == uses
