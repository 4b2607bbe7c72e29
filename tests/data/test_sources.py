"""Every source of data gives what it promises."""

import subprocess
import sys
import types

import numpy as np
import pytest

from tests.tolerances import EXACT
from zoo.data import load_data
from zoo.data.sources.builtin import DEVIATIONS, mixture_centres
from zoo.errors import DataError

pytestmark = pytest.mark.once


def test_digits_are_split_evenly_and_always_alike():
    train, test = load_data("digits")
    again, _ = load_data("digits")
    assert (len(train), len(test)) == (1500, 297)
    assert train.shape == test.shape == (8, 8, 1)
    assert train.source_range == test.source_range == (0.0, 16.0)
    assert np.bincount(train.labels).tolist() == [150] * 10
    assert np.bincount(test.labels).min() >= 24
    assert train.description == again.description
    assert train.description["hash"] == (
        "sha256:1554a2ccf3a40f65ac76c7e9db7b0ab932fcaff0a4e83006444195b5b8eebdb4"
    )
    together = {image.tobytes() for image in [*train.samples, *test.samples]}
    assert len(together) == 1797


@pytest.mark.parametrize(("name", "modes"), [("ring", 8), ("grid", 25)])
def test_mixtures_lie_around_their_modes(name, modes):
    train, test = load_data(name)
    centres = mixture_centres(name)
    assert centres.shape == (modes, 2)
    for data in (train, test):
        assert data.shape == (2,)
        assert data.num_classes == modes
        assert data.source_range is None
        offsets = data.samples - centres[data.labels]
        assert abs(offsets.std() / DEVIATIONS[name] - 1) < 0.02
        shares = np.bincount(data.labels) / len(data) * modes
        assert abs(shares - 1).max() < 0.2
    assert not np.array_equal(train.samples[: len(test)], test.samples)


def test_ring_is_a_unit_circle_and_grid_a_square():
    np.testing.assert_allclose(np.linalg.norm(mixture_centres("ring"), axis=1), 1)
    assert sorted(set(mixture_centres("grid").ravel())) == [-4, -2, 0, 2, 4]


def test_mixtures_follow_their_seed():
    first, again, other = (load_data("ring", seed=seed)[0] for seed in (1, 1, 2))
    assert first.description == again.description
    assert first.description["seed"] == 1
    assert first.description["hash"] != other.description["hash"]


def test_arrays_pairs_and_pairs_of_pairs_are_sources():
    x, y = np.zeros((4, 3), np.float32), [0, 1, 1, 0]
    train, test = load_data(x)
    assert (len(train), train.labels, test) == (4, None, None)
    train, test = load_data((x, y))
    assert train.labels.tolist() == y
    assert test is None
    train, test = load_data(((x, y), (x[:2], [1, 1])))
    assert test.labels.tolist() == [1, 1]
    assert test.num_classes == 2
    assert [data.description["split"] for data in (train, test)] == ["train", "test"]
    assert load_data(train) == (train, None)


def test_rank_three_is_images_unless_told_otherwise():
    x = np.zeros((4, 10, 3))
    assert load_data(x)[0].shape == (10, 3, 1)
    assert load_data(x, kind="sequences")[0].shape == (10, 3)
    assert load_data(x[..., :1])[0].shape == (10, 1)
    assert load_data(x[..., :1], kind="images")[0].shape == (10, 1, 1)


def test_given_source_range_wins():
    train, _ = load_data(np.full((2, 3, 3, 1), 128, np.uint8), source_range=(0, 128))
    assert train.batch([0], (-1, 1))["data"].max() == 1.0


def test_images_are_resized_and_cropped_to_their_centre():
    wide = np.zeros((1, 4, 16, 1), np.uint8)
    wide[:, :, 4:12] = 200
    tall = wide.transpose(0, 2, 1, 3)
    for size in (2, 4, 8):
        for images in (wide, tall):
            train, _ = load_data(images, size=size)
            EXACT.check(train.samples[0], np.full((size, size, 1), 200))
    assert load_data("digits", size=(12, 16))[1].shape == (12, 16, 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_resizing_keeps_dtype_and_constant_values(dtype):
    train, _ = load_data(np.full((2, 5, 7, 3), 1, dtype), size=9, source_range=(0, 1))
    assert train.samples.dtype == dtype
    np.testing.assert_allclose(train.samples, 1, rtol=1e-6)


def test_grey_becomes_colour_and_colour_grey():
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], np.uint8)
    grey, _ = load_data(colours.reshape(4, 1, 1, 3), channels=1)
    assert grey.samples.ravel().tolist() == [76, 150, 29, 255]
    colour, _ = load_data(grey.samples, channels=3)
    assert colour.samples[0].ravel().tolist() == [76, 76, 76]


def test_resized_images_beyond_memory_are_mapped():
    train, _ = load_data("digits", size=16, memory=1000)
    inside, _ = load_data("digits", size=16)
    assert isinstance(train.samples, np.memmap)
    EXACT.check(train.samples, inside.samples)


def keras_with(load) -> types.ModuleType:
    keras = types.ModuleType("keras")
    keras.datasets = types.SimpleNamespace(cifar10=types.SimpleNamespace(load_data=load))
    return keras


def test_keras_data_sets_are_sources(monkeypatch):
    x, y = np.full((3, 32, 32, 3), 7, np.uint8), np.array([[3], [9], [3]], np.uint8)
    monkeypatch.setitem(sys.modules, "keras", keras_with(lambda: ((x, y), (x[:1], y[1:2]))))
    train, test = load_data("cifar10")
    assert train.labels.tolist() == [0, 1, 0]
    assert test.labels.tolist() == [1]
    assert train.description["source"] == "cifar10"


def test_failed_download_is_one_line_that_names_the_alternatives(monkeypatch):
    def fail():
        raise Exception("URL fetch failure on https://x: None -- no network")

    monkeypatch.setitem(sys.modules, "keras", keras_with(fail))
    with pytest.raises(DataError, match=r"'cifar10' \(URL fetch failure.*Accepted: \"digits\""):
        load_data("cifar10")


def test_other_errors_of_a_download_are_not_hidden(monkeypatch):
    def fail():
        raise KeyError("a mistake in the program")

    monkeypatch.setitem(sys.modules, "keras", keras_with(fail))
    with pytest.raises(KeyError):
        load_data("cifar10")


def test_importing_and_using_data_imports_no_backend_and_no_pillow():
    program = (
        "import sys, zoo.data, zoo.plotting.grid; zoo.data.load_data('ring');"
        "unwanted = {'keras', 'tensorflow', 'torch', 'jax', 'PIL', 'sklearn'};"
        "print(sorted(unwanted & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("name", "count", "shape", "classes"),
    [
        ("mnist.npz", (60_000, 10_000), (28, 28, 1), 10),
        ("cifar10_12k.npz", (10_000, 2_000), (32, 32, 3), 10),
        ("mnist_static_binarized.npz", (50_000, 10_000), (98,), None),
    ],
)
def test_real_archives_load(shared_data, name, count, shape, classes):
    train, test = load_data(shared_data / name)
    assert (len(train), len(test)) == count
    assert train.shape == test.shape == shape
    assert train.num_classes == classes
    assert train.source_range == (0.0, 255.0)
