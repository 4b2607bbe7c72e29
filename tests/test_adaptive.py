"""Adaptive augmentation: each transformation by hand, the gradients, and the probability."""

from math import cos, erf, pi, sin, sqrt

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import backends
from zoo.adaptive import DRAWS, adaptive, next_probability
from zoo.augmentation import augment, number_of_draws
from zoo.errors import ModelError
from zoo.training.loading import load

PLACES = {
    "flip": [0],
    "quarter": [2],
    "shift": [4, 5],
    "zoom": [7],
    "rotation": [9],
    "stretch": [11],
    "last_rotation": [13],
    "move": [15, 16],
    "brightness": [18],
    "contrast": [20],
    "luma": [22],
    "hue": [24],
    "saturation": [26],
}
"""Where the numbers of each transformation stand, before its gate."""
NORMAL = 0.5 * (1 + erf(1 / sqrt(2)))
"""The draw of which the normal number 1 is made."""
IMAGES = np.random.default_rng(0).uniform(0, 1, (2, 8, 8, 3)).astype("float32")
ROW, COLUMN = np.mgrid[0:8, 0:8] - 3.5
RAMP = (0.05 * COLUMN - 0.03 * ROW)[None, ..., None].astype("float32")
"""A plane, which bilinear resampling gives exactly."""


def draws(rows=2, **chosen):
    """Draws of which the gates of the chosen transformations alone are open, at p = ½."""
    found = np.full((rows, DRAWS), 0.5, "float32")
    for name, places in PLACES.items():
        found[:, places[-1] + 1] = 0.1 if name in chosen else 0.9
        for place, value in zip(places, np.atleast_1d(chosen.get(name, 0.5)), strict=False):
            found[:, place] = value
    return found


def changed(x=IMAGES, scale=0.5, centre=0.5, **chosen):
    """At a probability of ½."""
    drawn = tensor(draws(len(x), **chosen))
    return array(adaptive(tensor(x), drawn, scale, centre, tensor(np.float32(0.5))))


@pytest.mark.parametrize("shape", [(8, 8, 1), (7, 5, 3)], ids=str)
def test_without_probability_images_are_the_same_bit_for_bit(shape):
    rng = np.random.default_rng(1)
    x = rng.uniform(-1, 1, (3, *shape)).astype("float32")
    drawn = tensor(rng.random((3, DRAWS), dtype="float32"))
    for centre in (0.0, 0.5):
        found = array(adaptive(tensor(x), drawn, 1.0, centre, tensor(np.float32(0.0))))
        assert (found == x).all()
    assert not (array(adaptive(tensor(x), drawn, 1.0, 0.0, tensor(np.float32(1.0)))) == x).any()


def test_blitting_gives_pixels_as_they_are():
    assert (changed(flip=0.4) == IMAGES).all() and (changed(quarter=0.1) == IMAGES).all()
    EXACT.check(changed(flip=0.75), IMAGES[:, :, ::-1])
    for draw, turns in ((0.3, 1), (0.6, 2), (0.9, 3)):
        EXACT.check(changed(quarter=draw), np.rot90(IMAGES, turns, axes=(1, 2)))
    moved = changed(shift=[0.99, 0.5])
    EXACT.check(moved[:, :, 1:], IMAGES[:, :, :-1])
    EXACT.check(moved[:, :, 0], IMAGES[:, :, 1])  # mirrored at the edge
    EXACT.check(changed(shift=[0.5, 0.01])[:, :-1], IMAGES[:, 1:])


def test_geometry_moves_places_as_its_formulas_say():
    def ramp(across, down):
        return 0.05 * across - 0.03 * down

    zoom = 2**0.2
    FORMULA.check(changed(RAMP, zoom=NORMAL)[0, ..., 0], ramp(COLUMN / zoom, ROW / zoom))
    inner = (slice(2, 6), slice(2, 6))
    found = changed(RAMP, stretch=NORMAL)[0, ..., 0]
    FORMULA.check(found[inner], ramp(COLUMN / zoom, ROW * zoom)[inner])
    for name in ("rotation", "last_rotation"):
        angle = pi / 6
        found = changed(RAMP, **{name: (1 + 1 / 6) / 2})[0, ..., 0]
        turned = ramp(
            cos(angle) * COLUMN - sin(angle) * ROW, sin(angle) * COLUMN + cos(angle) * ROW
        )
        FORMULA.check(found[inner], turned[inner])
    found = changed(RAMP, move=[NORMAL, 0.5])[0, ..., 0]
    FORMULA.check(found[inner], ramp(COLUMN - 1, ROW)[inner])
    both = changed(RAMP, zoom=NORMAL, move=[0.5, NORMAL])[0, ..., 0]
    FORMULA.check(both[inner], ramp(COLUMN / zoom, (ROW - 1) / zoom)[inner])


def test_colours_change_about_the_middle_of_the_range():
    FORMULA.check(changed(brightness=NORMAL), IMAGES + 0.5 * 0.2)
    FORMULA.check(changed(contrast=NORMAL), 0.5 + sqrt(2) * (IMAGES - 0.5))
    mean = IMAGES.mean(axis=-1, keepdims=True)
    FORMULA.check(changed(luma=0.75), IMAGES - 2 * (mean - 0.5))
    FORMULA.check(changed(luma=0.25), IMAGES)
    FORMULA.check(changed(IMAGES[..., :1], luma=0.75), 1 - IMAGES[..., :1])
    # A third of a turn about grey takes red to green to blue.
    FORMULA.check(changed(hue=5 / 6), np.roll(IMAGES, 1, axis=-1))
    FORMULA.check(changed(saturation=NORMAL), mean + 2 * (IMAGES - mean))
    assert (changed(IMAGES[..., :1], hue=5 / 6, saturation=NORMAL) == IMAGES[..., :1]).all()


def test_gradients_are_those_of_finite_differences():
    rng = np.random.default_rng(2)
    weights = tensor(rng.normal(size=IMAGES.shape).astype("float32"))
    drawn = tensor(rng.random((2, DRAWS), dtype="float32"))

    def weighted(data):
        return augment("ada", data, drawn, 0.5, 0.5, 1.0) * weights

    slope = array(backends.input_gradient(weighted, tensor(IMAGES)))
    step = rng.normal(size=IMAGES.shape).astype("float32")
    ends = [array(weighted(tensor(IMAGES + sign * step))).sum((1, 2, 3)) for sign in (1, -1)]
    FORMULA.check((slope * step).sum((1, 2, 3)), (ends[0] - ends[1]) / 2)
    assert np.abs(slope).sum() > 0 and number_of_draws("ada", (8, 8, 3)) == DRAWS


def test_the_probability_follows_the_overfitting():
    def following(probability, overfitting):
        found = next_probability(tensor(np.float32(probability)), overfitting, 64.0, 0.6, 512)
        return float(array(found))

    assert following(0.25, tensor(np.float32(0.7))) == 0.75  # 4·64 of 512 images
    assert following(0.75, tensor(np.float32(0.7))) == 1
    assert following(0.25, tensor(np.float32(0.5))) == 0
    assert following(0.25, tensor(np.float32(0.6))) == 0.25


def make(**settings):
    options = {"latent_dim": 2, "network_options": {"width": 2}, "augmentation": "ada"}
    return zoo.create("dcgan", shape=(8, 8, 1), **options | settings)


@pytest.mark.parametrize(
    ("loss", "real", "fake", "sign"),
    [
        ("hinge", [0.1, 3.0, 2.0, 1.0], [-1.0] * 4, 1.0),
        ("least_squares", [0.1, 3.0, 2.0, 1.0], [-1.0] * 4, 0.5),
        ("wasserstein", [4.0, 9.0, 9.0, 6.0], [1.0, 5.0, 5.0, 5.0], 0.5),  # the middle is 5.5
    ],
)
def test_a_planted_overfit_raises_the_probability_at_each_fourth_batch(loss, real, fake, sign):
    model = make(loss=loss, ada_images=64, ada_target=0.4)
    given = {"data": tensor(np.zeros((4, 8, 8, 1), "float32"))}
    seen = []
    for _ in range(9):
        logits = (tensor(np.float32(side)[:, None]) for side in (real, fake))
        found = model.adapted(*logits, given)
        seen.append(float(array(found["augmentation"])))
        for name, value in found["next"].items():
            getattr(model, name).assign(array(value))
        FORMULA.check(array(found["overfitting"]), sign)
    assert seen == [0] * 4 + [0.25] * 4 + [0.5]


@pytest.mark.once
def test_the_probability_is_logged_kept_and_goes_on(tmp_path):
    data = np.random.default_rng(0).uniform(0, 255, (64, 8, 8, 1)).astype("uint8")
    options = {"ada_images": 300, "ada_target": -0.9, "network": "mlp"}
    model = make(**options)
    model.fit(data, steps=4, batch_size=8, verbose=0)
    model.save(tmp_path / "gan.keras")
    logs = model.fit(data, steps=4, batch_size=8, verbose=0).history
    assert {"discriminator_augmentation", "discriminator_overfitting"} <= set(logs)
    again = load(tmp_path / "gan.keras")
    moved = float(array(again.augmentation_probability))
    again.fit(data, steps=4, batch_size=8, verbose=0)
    found = [float(array(m.augmentation_probability)) for m in (model, again)]
    assert moved == pytest.approx(32 / 300) and found == [pytest.approx(64 / 300)] * 2
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        EXACT.check(one, other)


def test_both_sides_are_seen_with_the_probability():
    model = make()
    rng = np.random.default_rng(0)
    given = {name: tensor(noise.draw(rng, 4)) for name, noise in model.noise.items()}
    data = rng.uniform(-1, 1, (4, 8, 8, 1)).astype("float32")
    given |= {"data": tensor(data)}
    EXACT.check(array(model.view(tensor(data), given, "real")), data)
    model.augmentation_probability.assign(1.0)
    for side in ("real", "fake"):
        seen = array(model.view(tensor(data), given, side))
        expected = augment("ada", tensor(data), given[f"{side}_augmentation"], 1.0, 0.0, 1.0)
        FORMULA.check(seen, array(expected))
        assert not np.isclose(seen, data).all()
    assert np.isfinite(arrays(model.generator_loss(given, True))["loss"])


@pytest.mark.once
def test_it_is_of_images():
    with pytest.raises(ModelError, match="ada is of images"):
        zoo.create("dcgan", shape=(16, 2), augmentation="ada")
