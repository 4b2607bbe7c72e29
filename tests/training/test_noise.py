"""Random inputs: their values, kinds and descriptions."""

import json

import numpy as np
import pytest

from tests.tolerances import FORMULA, SAMPLING
from zoo.errors import ModelError
from zoo.noise import (
    Noise,
    bernoulli,
    categorical,
    cut,
    cut_normal,
    draw_all,
    in_turn,
    normal,
    truncate_all,
    truncation,
    uniform,
)

pytestmark = pytest.mark.once
KINDS = [
    normal(3),
    cut_normal(3),
    uniform(2, 2, low=-1.0, high=3.0),
    categorical(5, 2),
    categorical(3),
    bernoulli(0.25, 4),
    in_turn(3),
    truncation(),
]


def rng():
    return np.random.default_rng([7])


def test_normal_and_uniform_are_numpys_own_draws():
    np.testing.assert_array_equal(
        normal(3).draw(rng(), 4), rng().standard_normal((4, 3), dtype=np.float32)
    )
    unit = rng().random((4, 2), dtype=np.float32)
    drawn = uniform(2, low=-1.0, high=3.0).draw(rng(), 4)
    np.testing.assert_array_equal(drawn, np.float32(-1) + np.float32(4) * unit)


def test_categories_are_indices_and_all_come_up():
    drawn = categorical(5, 2).draw(rng(), 400)
    assert drawn.dtype == np.int32 and drawn.shape == (400, 2)
    assert np.bincount(drawn.ravel(), minlength=5).min() > 800 / 5 / 2


def test_masks_are_ones_as_often_as_asked():
    drawn = bernoulli(0.25, 10).draw(rng(), 1000)
    assert drawn.dtype == np.float32 and set(np.unique(drawn)) == {0.0, 1.0}
    assert drawn.mean() == pytest.approx(0.25, abs=0.02)  # Five standard errors.


def test_classes_in_turn_take_nothing_from_the_generator():
    generator = rng()
    np.testing.assert_array_equal(in_turn(3).draw(generator, 5), [0, 1, 2, 0, 1])
    assert generator.random() == rng().random()


def test_a_model_that_reads_the_factor_truncates_itself():
    noises = {"latent": normal(2), "place": uniform(1, low=1.0, high=3.0)}
    drawn = draw_all(noises, rng(), 2)
    found = truncate_all(noises, drawn, 0.5)
    np.testing.assert_array_equal(found["latent"], 0.5 * drawn["latent"])
    np.testing.assert_array_equal(found["place"], 2 + np.float32(0.5) * (drawn["place"] - 2))
    noises |= {"psi": truncation()}
    found = truncate_all(noises, drawn | {"psi": np.ones(2, "float32")}, 0.5)
    np.testing.assert_array_equal(found["psi"], [0.5, 0.5])
    np.testing.assert_array_equal(found["latent"], drawn["latent"])


def test_a_cut_normal_keeps_its_quantiles_within_two_factors():
    drawn = cut_normal(500).draw(rng(), 20)
    np.testing.assert_array_equal(drawn, normal(500).draw(rng(), 20))
    found = cut_normal(500).truncated(drawn, 0.5)
    assert found.dtype == np.float32 and np.abs(found).max() <= 1
    # Variance 1 − 2φ(1)/(2Φ(1) − 1); the median of those above 0 is Φ⁻¹(½ + ½(Φ(1) − ½)).
    SAMPLING.check(found.var(), 1 - 2 * 0.2419707 / 0.6826895)
    SAMPLING.check(np.median(found[found > 0]), 0.4423)
    order = np.argsort(drawn, axis=None)
    assert (np.diff(found.ravel()[order]) >= 0).all()
    FORMULA.check(cut(np.array([0.0, 1.0, -1.0]), 100.0), [0, 1, -1])
    FORMULA.check(cut(np.array([-40.0, 3.0]), 0.0), [0, 0])


@pytest.mark.parametrize("noise", KINDS, ids=lambda noise: noise.distribution)
def test_a_noise_comes_back_from_json(noise):
    again = Noise.from_config(json.loads(json.dumps(noise.to_config())))
    assert again == noise
    drawn = noise.draw(rng(), 3)
    np.testing.assert_array_equal(again.draw(rng(), 3), drawn)
    assert drawn.dtype == noise.dtype and drawn.shape == (3, *noise.shape)


def test_some_of_several_noises_are_drawn_in_the_order_of_the_model():
    noises = {"first": normal(2), "second": uniform(2), "third": categorical(3)}
    drawn = draw_all(noises, rng(), 2, ["third", "first"])
    assert list(drawn) == ["first", "third"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Noise("gamma", ()),
        lambda: categorical(0),
        lambda: in_turn(0),
        lambda: bernoulli(1.5),
    ],
)
def test_what_is_no_distribution_is_refused(make):
    with pytest.raises(ModelError, match="Received"):
        make()
