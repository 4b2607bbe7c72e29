"""Augmentations against NumPy, their expectation, and the gradients that pass them."""

import itertools

import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import augmentation, backends
from zoo.augmentation import AUGMENTATIONS, augment, number_of_draws

IMAGES = np.random.default_rng(0).uniform(-1, 1, (3, 8, 10, 2)).astype("float32")


def applied(name, x, draws, **options):
    return array(AUGMENTATIONS[name].apply(tensor(x), tensor(np.float32(draws)), **options))


def test_color_is_brightness_then_saturation_then_contrast():
    draws = [[0.75, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
    found = applied("color", IMAGES, draws)
    FORMULA.check(found[0], IMAGES[0] + 0.25)
    FORMULA.check(found[1], np.repeat(IMAGES[1].mean(axis=-1, keepdims=True), 2, axis=-1))
    FORMULA.check(found[2], 0.5 * (IMAGES[2] + IMAGES[2].mean()))
    half = applied("color", IMAGES, draws, scale=0.5)
    FORMULA.check(half[0], IMAGES[0] + 0.125)


def test_the_expectation_of_color_is_the_image():
    """It is linear in each draw, so that two points of each, .5 apart from 1, suffice."""
    draws = np.array(list(itertools.product((0.25, 0.75), repeat=3)))
    found = applied("color", np.repeat(IMAGES[:1], 8, axis=0), draws)
    FORMULA.check(found.mean(axis=0), IMAGES[0])


DRAWN = 20_000
DEVIATIONS = 5
"""Standard errors that a mean of many draws may be from its expectation."""


def check_mean(name, image, expected):
    """The mean over many draws, each pixel within so many standard errors of the expectation.

    A pixel that no draw changes has no error but that of float32.
    """
    rng = np.random.default_rng(7)
    draws = rng.random((DRAWN, number_of_draws(name, image.shape)), dtype="float32")
    repeated = np.repeat(image[None], DRAWN, axis=0)
    found = array(augment(name, tensor(repeated), tensor(draws))).astype("float64")
    error = found.std(axis=0) / np.sqrt(DRAWN)
    apart = np.abs(found.mean(axis=0) - expected)
    bound = DEVIATIONS * error + np.finfo("float32").eps * np.abs(image).max()
    assert (apart <= bound).all(), f"{(apart / bound).max()} of the bound"
    assert error.max() > 0


def test_the_mean_of_many_color_changes_is_the_image():
    check_mean("color", IMAGES[0, :4, :4], IMAGES[0, :4, :4])


@pytest.mark.parametrize("image", [IMAGES[0, :3, :4], IMAGES[0, 0]], ids=["image", "sequence"])
def test_the_mean_of_many_flips_is_that_of_the_image_and_its_mirror(image):
    check_mean("flip", image, (image + np.flip(image, axis=-2)) / 2)


@pytest.mark.parametrize("name", ["translation", "crop"])
def test_the_mean_of_many_shifts_is_that_of_the_shifted_images(name):
    """Of sides of 8 and 13, by up to 1 and 2: 3 × 5 shifts, all equally likely."""
    image = np.random.default_rng(3).uniform(-1, 1, (8, 13, 1)).astype("float32")
    total = np.zeros(image.shape)
    mode = {"translation": "constant", "crop": "edge"}[name]
    padded = np.pad(image, ((1, 1), (2, 2), (0, 0)), mode)
    for down, right in itertools.product(range(3), range(5)):
        total += padded[down : down + 8, right : right + 13] / 15
    check_mean(name, image, total)


def test_the_mean_of_many_shifts_of_a_sequence_is_that_of_its_neighbours():
    sequence = np.arange(1, 9, dtype="float32")[:, None]
    padded = np.pad(sequence, ((1, 1), (0, 0)))
    check_mean("translation", sequence, (padded[:-2] + padded[1:-1] + padded[2:]) / 3)


def covered(size, side, centres):
    """The share of the centres whose box, from side // 2 before them on, covers each place."""
    boxes = [range(c - side // 2, c - side // 2 + side) for c in range(centres)]
    return np.array([sum(place in box for box in boxes) / centres for place in range(size)])


def test_the_mean_of_many_cutouts_is_the_image_less_how_often_each_pixel_is_covered():
    """Of 4 × 6: boxes of 2 × 3 around rows 0 to 4, one more for an even side, and columns 0 to 5.

    Each row is within two of five boxes; the first and the last column within two of six, those
    between within three.
    """
    image = np.random.default_rng(4).uniform(0.5, 1, (4, 6, 1)).astype("float32")
    rows, columns = covered(4, 2, 5), covered(6, 3, 6)
    FORMULA.check(rows, [2 / 5] * 4)
    FORMULA.check(columns, [2 / 6, *[3 / 6] * 4, 2 / 6])
    check_mean("cutout", image, image * (1 - np.outer(rows, columns))[..., None])
    sequence = image[0]
    check_mean("cutout", sequence, sequence * (1 - columns)[:, None])


def test_the_mean_of_several_is_the_mean_of_one_of_the_mean_of_the_other():
    """Their draws are independent, and each is affine in the data."""
    image = np.random.default_rng(5).uniform(-1, 1, (4, 4, 1)).astype("float32")
    kept = 1 - np.outer(covered(4, 2, 5), covered(4, 2, 5))
    flipped = (image + image[:, ::-1]) / 2
    check_mean(("flip", "cutout"), image, flipped * kept[..., None])


@pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
def test_a_wrong_expectation_is_found(name):
    """A tenth beside the mean of an image of ones is more than the bound."""
    image = np.ones((4, 4, 1), "float32")
    with pytest.raises(AssertionError, match="of the bound"):
        check_mean(name, image, 1.1 * image)


def moved(image, down, right, mode):
    """The image moved by whole steps, by way of a padded one."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode)
    return padded[1 - down : 9 - down, 1 - right : 11 - right]


@pytest.mark.parametrize(("name", "mode"), [("translation", "constant"), ("crop", "edge")])
def test_images_move_by_up_to_an_eighth(name, mode):
    thirds = {1 / 6: -1, 1 / 2: 0, 5 / 6: 1}
    for down, right in itertools.product(thirds, thirds):
        found = applied(name, IMAGES, [[down, right]] * 3)
        for image, original in zip(found, IMAGES, strict=True):
            FORMULA.check(image, moved(original, thirds[down], thirds[right], mode))


def test_each_row_moves_by_itself():
    found = applied("translation", IMAGES, [[0.0, 0.5], [0.5, 0.5], [0.99, 0.0]])
    for image, original, shift in zip(found, IMAGES, [(-1, 0), (0, 0), (1, -1)], strict=True):
        FORMULA.check(image, moved(original, *shift, "constant"))


def test_a_box_of_half_the_sides_is_cut_out_around_any_centre():
    kept = np.zeros((9, 8))
    for position in range(9):
        ones = np.ones((1, 8, 10, 1), "float32")
        found = applied("cutout", ones, [[(position + 0.5) / 9, 0.5]])[0, ..., 0]
        rows, columns = (found == 0).any(axis=1), (found == 0).any(axis=0)
        expected = [max(position - 2, 0), min(position + 2, 8)]
        FORMULA.check(np.flatnonzero(rows), np.arange(*expected))
        assert set(found.ravel()) == {0.0, 1.0}
        assert columns.sum() == 5 and (found == 0).sum() == rows.sum() * columns.sum()
        kept[position] = ~rows
    assert (kept.mean(axis=0) < 1).all()  # every pixel is cut at times


def test_every_second_row_is_mirrored():
    found = applied("flip", IMAGES, [[0.2], [0.7], [0.5]])
    FORMULA.check(found[0], IMAGES[0])
    FORMULA.check(found[1:], IMAGES[1:, :, ::-1])


def test_sequences_move_and_are_cut_along_time():
    x = np.arange(1, 17, dtype="float32").reshape(1, 8, 2)
    FORMULA.check(applied("translation", x, [[0.9]])[0, :, 0], [0, *range(1, 14, 2)])
    FORMULA.check(applied("crop", x, [[0.9]])[0, :, 0], [1, *range(1, 14, 2)])
    FORMULA.check(applied("cutout", x, [[0.5]])[0, :, 0], [1, 3, 0, 0, 0, 0, 13, 15])
    FORMULA.check(applied("flip", x, [[0.9]]), x[:, ::-1])


@pytest.mark.parametrize("name", [*AUGMENTATIONS, "diffaugment"])
@pytest.mark.parametrize("shape", [(8, 10, 2), (9, 3)], ids=str)
def test_gradients_pass_what_is_affine_in_the_data(name, shape):
    rng = np.random.default_rng(1)
    x, weights = (rng.normal(size=(4, *shape)).astype("float32") for _ in range(2))
    draws = tensor(rng.random((4, number_of_draws(name, shape)), dtype="float32"))

    def weighted(data):
        return augment(name, data, draws) * tensor(weights)

    slope = array(backends.input_gradient(weighted, tensor(x)))
    change = array(weighted(tensor(x))) - array(weighted(tensor(np.zeros_like(x))))
    rows = tuple(range(1, x.ndim))
    FORMULA.check((slope * x).sum(axis=rows), change.sum(axis=rows))
    assert np.abs(slope).sum(axis=rows).min() > 0


def test_several_are_applied_in_order_with_draws_of_their_own():
    assert number_of_draws("diffaugment", (8, 8, 1)) == 3 + 2 + 2
    assert number_of_draws(("flip", "crop"), (8, 8, 1)) == 3
    assert number_of_draws(None, (8, 8, 1)) == 0 and augmentation.chosen(None) == []
    draws = np.float32([[0.9, 0.1, 0.9]] * 3)
    found = array(augment(("flip", "crop"), tensor(IMAGES), tensor(draws)))
    FORMULA.check(found, applied("crop", IMAGES[:, :, ::-1], draws[:, 1:]))
