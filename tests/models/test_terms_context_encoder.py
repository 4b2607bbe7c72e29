"""Holes, and what fills them."""

import numpy as np

import zoo
from tests.arrays import array, arrays, softplus, tensor
from tests.tolerances import FORMULA

SETTINGS = {"shape": (8, 8, 1), "latent_dim": 3, "network_options": {"width": 2}}


def data(count=3):
    rng = np.random.default_rng(0)
    return rng.uniform(-1, 1, (count, 8, 8, 1)).astype("float32")


def test_a_central_hole_has_half_of_the_sides():
    model = zoo.create("context_encoder", **SETTINGS)
    mask = array(model.mask({"data": tensor(data())}))
    expected = np.zeros((3, 8, 8, 1))
    expected[:, 2:6, 2:6] = 1
    np.testing.assert_array_equal(mask, expected)
    assert model.noise == {}


def test_a_random_hole_is_anywhere_within():
    model = zoo.create("context_encoder", **SETTINGS, position="random", hole=0.25)
    corners = np.array([[0.0, 0.0], [0.999, 0.999], [0.5, 0.0]], "float32")
    mask = array(model.mask({"data": tensor(data()), "corner": tensor(corners)}))[..., 0]
    for row, (top, left) in zip(mask, ((0, 0), (6, 6), (3, 0)), strict=True):
        expected = np.zeros((8, 8))
        expected[top : top + 2, left : left + 2] = 1
        np.testing.assert_array_equal(row, expected)


def test_the_error_is_that_within_the_hole_and_the_rest_stays():
    model = zoo.create("context_encoder", **SETTINGS, reconstruction=10.0)
    batch = {"data": tensor(data()), "step": tensor(0)}
    mask, made = (array(x) for x in model.paint(batch, False))
    found = arrays(model.generator_loss(batch, False))
    inside = mask[..., 0] == 1
    error = np.mean((made[inside] - data()[inside]) ** 2)
    FORMULA.check(found["reconstruction"], error)
    filled = np.where(mask == 1, made, data())
    logits = model.use("discriminate", data=filled)["logit"]
    FORMULA.check(found["loss"], softplus(-logits).mean() + 10 * error)
    FORMULA.check(model.use("inpaint", data=data(), mask=mask)["filled"], filled)


def test_what_is_in_the_hole_is_not_read():
    model = zoo.create("context_encoder", **SETTINGS)
    mask = np.zeros((3, 8, 8, 1), "float32")
    mask[:, 2:6, 2:6] = 1
    other = np.where(mask == 1, -data(), data()).astype("float32")
    made = [model.use("inpaint", data=x, mask=mask)["filled"] for x in (data(), other)]
    FORMULA.check(made[0], made[1])


def test_a_picture_of_data_shows_a_hole_in_the_middle():
    model = zoo.create("context_encoder", **(SETTINGS | {"position": "random"}))
    mask = model.beside({"data": data()})["mask"]
    expected = np.zeros((3, 8, 8, 1), "float32")
    expected[:, 2:6, 2:6] = 1
    np.testing.assert_array_equal(mask, expected)
