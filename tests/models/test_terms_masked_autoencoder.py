"""Patches that are seen, patches that are hidden, and the error of the latter."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA, FORWARD
from zoo.errors import ModelError
from zoo.networks import apply, masked

SHAPE = (5, 8, 2)
"""Three by four patches of 2, with zeros below."""
RNG = np.random.default_rng(0)
DATA = RNG.random((3, *SHAPE)).astype("float32")
ORDER = RNG.random((3, 12)).astype("float32")
SMALL = {"width": 4, "depth": 2, "decoder_width": 6, "decoder_depth": 1, "num_heads": 2}


def make(**settings):
    model = zoo.create("masked_autoencoder", **{"shape": SHAPE} | SMALL | settings)
    for weight in model.learner.weights:
        weight.assign(0.5 * RNG.normal(size=weight.shape).astype("float32"))
    return model


@pytest.fixture(scope="module")
def model():
    return make()


def patches(data):
    padded = np.zeros((len(data), 6, 8, 2))
    padded[:, :5] = data
    corners = [(y, x) for y in (0, 2, 4) for x in (0, 2, 4, 6)]
    found = [padded[:, y : y + 2, x : x + 2].reshape(len(data), -1) for y, x in corners]
    return np.stack(found, axis=1)


def hidden_by(order, visible=3):
    """1 for all but the patches of the smallest numbers."""
    return (order.argsort(axis=1).argsort(axis=1) >= visible).astype("float32")


def test_the_encoder_computes_a_quarter_of_the_patches(model):
    assert model.visible == 3 and model.tokens == 12
    for block in ("attention_0", "attention_1"):
        assert model.learner.get_layer(block).output.shape == (None, 2, 3, 3)
    assert model.learner.get_layer("attention_2").output.shape == (None, 2, 12, 12)
    rows = array(model.rows(tensor(ORDER)))
    assert rows.shape == (3, 3, 12) and (rows.sum(axis=2) == 1).all()
    EXACT.check(1 - rows.sum(axis=1), hidden_by(ORDER))


@pytest.mark.parametrize(("ratio", "visible"), [(0.75, 3), (0.5, 6), (0.99, 1), (0.01, 11)])
@pytest.mark.once
def test_some_patches_are_seen_and_some_are_hidden(ratio, visible):
    assert make(mask_ratio=ratio).visible == visible


@pytest.mark.parametrize("normalized", [False, True])
def test_the_loss_is_the_error_of_the_hidden_patches(normalized):
    model = make(normalized_targets=normalized)
    batch = {"data": tensor(DATA), "order": tensor(ORDER)}
    rows = model.rows(batch["order"])
    made = array(apply(model.learner, {"data": batch["data"], "rows": rows})["patches"])
    wanted = patches(DATA)
    if normalized:
        mean, variance = wanted.mean(axis=-1, keepdims=True), wanted.var(axis=-1, keepdims=True)
        wanted = (wanted - mean) / np.sqrt(variance + 1e-6)
    errors = ((made - wanted) ** 2).mean(axis=-1)
    found = arrays(model.masked_loss(batch, True))
    FORMULA.check(found["loss"], errors[hidden_by(ORDER) == 1].mean())
    assert ("complete" in model.table()) != normalized


@pytest.mark.once
def test_leaving_patches_out_and_not_attending_to_them_are_the_same(model):
    rows = model.rows(tensor(ORDER))
    made = array(apply(model.learner, {"data": tensor(DATA), "rows": rows})["patches"])
    hidden = hidden_by(ORDER)
    drawn = array(apply(model.completer, {"data": tensor(DATA), "hidden": tensor(hidden)})["made"])
    FORWARD.check(patches(drawn)[:, :8], np.clip(made, 0, 1)[:, :8])  # none is cropped


@pytest.mark.once
def test_what_is_hidden_is_not_read(model):
    shown = model.use("complete", data=DATA, order=ORDER)
    mask = (shown["seen"] == 0.5).all(axis=-1, keepdims=True)
    assert 0.5 < mask.mean() < 0.9
    other = np.where(mask, 1 - DATA, DATA).astype("float32")
    again = model.use("complete", data=other, order=ORDER)
    EXACT.check(again["seen"], shown["seen"])
    FORMULA.check(again["completed"], shown["completed"])
    EXACT.check(shown["completed"][~mask[..., 0]], DATA[~mask[..., 0]])


@pytest.mark.once
def test_a_hole_hides_every_patch_that_it_touches(model):
    mask = np.zeros((3, 5, 8, 1), "float32")
    mask[:, 1, 3] = 1
    expected = np.zeros((3, 12))
    expected[:, 1] = 1
    EXACT.check(array(apply(model.patch_mask, {"mask": tensor(mask)})["hidden"]), expected)
    filled = model.use("inpaint", data=DATA, mask=mask)["filled"]
    changed = (filled != DATA).any(axis=(0, 3))
    assert np.argwhere(changed).tolist() == [[1, 3]]


def test_a_code_is_the_mean_of_the_tokens_of_whole_data(model):
    found = arrays(apply(model.encoder, {"data": tensor(DATA)}))
    assert found["tokens"].shape == (3, 12, 4)
    FORMULA.check(found["code"], found["tokens"].mean(axis=1))
    FORMULA.check(model.encode(DATA), found["code"])


@pytest.mark.parametrize(
    ("shape", "size"),
    [((8, 8, 1), 2), ((28, 28, 1), 4), ((32, 40, 3), 4), ((64, 64, 3), 8), ((224, 224, 3), 16)]
    + [((512, 512, 3), 16), ((50, 2), 1)],
)
@pytest.mark.once
def test_a_patch_leaves_seven_along_a_side(shape, size):
    assert masked.patch_of(shape) == size


@pytest.mark.once
def test_one_patch_cannot_be_hidden_in_part():
    with pytest.raises(ModelError, match="two patches or more. Received: patch=8"):
        make(shape=(8, 8, 1), patch=8)
