"""NumPy files load by the names they hold, or say what is wrong with them."""

import numpy as np
import pytest

from tests.tolerances import EXACT
from zoo.data import load_data
from zoo.errors import DataError

pytestmark = pytest.mark.once

X = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 3), dtype=np.uint8)
Y = np.arange(20) % 4


def save(path, compressed=False, **arrays):
    (np.savez_compressed if compressed else np.savez)(path, **arrays)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("memory", [2**30, 100])
def test_named_splits_load_in_memory_and_beyond(tmp_path, compressed, memory):
    path = save(
        tmp_path / "a.npz", compressed, x_train=X, y_train=Y, x_test=X[:5], y_test=Y[:5, None]
    )
    train, test = load_data(str(path), memory=memory)
    assert isinstance(train.samples, np.memmap) == (memory < X.nbytes)
    EXACT.check(train.samples, X)
    EXACT.check(train.labels, Y)
    EXACT.check(test.samples, X[:5])
    EXACT.check(test.labels, Y[:5])
    assert train.description["source"] == str(path)
    assert train.description["hash"] == load_data(path)[0].description["hash"]


def test_factors_stand_beside_the_samples_of_either_split(tmp_path):
    factors = np.stack([Y, np.arange(20) % 2], axis=1)
    path = save(tmp_path / "a.npz", x=X, factors=factors, x_valid=X[:4], factors_valid=factors[:4])
    train, test = load_data(path)
    EXACT.check(train.fields["factors"].values, factors)
    EXACT.check(test.fields["factors"].values, factors[:4])
    named = save(tmp_path / "b.npz", imgs=X, latents=factors)
    train, test = load_data(named, keys={"x_train": "imgs", "factors_train": "latents"})
    EXACT.check(train.split(0.5)[1].fields["factors"].values, factors[10:])
    wrong = save(tmp_path / "c.npz", x=X, factors=factors[:5])
    with pytest.raises(DataError, match="5 factors"):
        load_data(wrong)


def test_fortran_order_survives_being_mapped(tmp_path):
    path = save(tmp_path / "a.npz", x_train=np.asfortranarray(X))
    train, _ = load_data(path, memory=10)
    EXACT.check(train.samples, X)
    EXACT.check(train.batch([3, 1], None)["data"], X[[3, 1]])


@pytest.mark.parametrize(
    ("names", "train_key", "test_key"),
    [
        (["x_train"], "x_train", None),
        (["x"], "x", None),
        (["arr_0"], "arr_0", None),
        (["pictures"], "pictures", None),
        (["x_train", "x_valid"], "x_train", "x_valid"),
        (["x_train", "x_valid", "x_test"], "x_train", "x_test"),
        (["x", "x_train"], "x_train", None),
    ],
)
def test_usual_names_are_found(tmp_path, names, train_key, test_key):
    arrays = {name: X[index : index + 3] for index, name in enumerate(names)}
    train, test = load_data(save(tmp_path / "a.npz", **arrays))
    EXACT.check(train.samples, arrays[train_key])
    if test_key:
        EXACT.check(test.samples, arrays[test_key])
    else:
        assert test is None
    unused = set(names) - {train_key, test_key}
    assert train.description.get("unused", []) == sorted(unused)


def test_labels_follow_the_split_that_was_chosen(tmp_path):
    path = save(tmp_path / "a.npz", x_train=X, y_train=Y, x_valid=X[:4], y_valid=Y[:4])
    _, test = load_data(path)
    EXACT.check(test.labels, Y[:4])


def test_keys_name_the_arrays(tmp_path):
    path = save(tmp_path / "a.npz", images=X, digit=Y, more=X[:2], x_train=X[5:])
    keys = {"x_train": "images", "y_train": "digit", "x_test": "more"}
    train, test = load_data(path, keys=keys)
    EXACT.check(train.samples, X)
    EXACT.check(train.labels, Y)
    assert len(test) == 2
    assert test.labels is None
    assert train.description["keys"] == keys


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"x_train": "image"}, "'image'. Did you mean 'images'.*Accepted: images, labels"),
        ({"train": "images"}, "'train'. Accepted: x_train, y_train, x_test, y_test"),
        ({"y_train": "labels"}, "with images, labels. Accepted: .*keys such as"),
        (None, "x_train or x, or a single array. Received: .*with images, labels"),
    ],
)
def test_names_that_do_not_fit_are_refused(tmp_path, keys, message):
    path = save(tmp_path / "a.npz", images=X, labels=Y)
    with pytest.raises(DataError, match=message):
        load_data(path, keys=keys)


def test_archive_without_arrays_is_refused(tmp_path):
    with pytest.raises(DataError, match="with no arrays"):
        load_data(save(tmp_path / "a.npz"))


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "truncated":
        content = content[: len(content) // 2]
    elif how == "flipped":
        content[len(content) // 2] ^= 0xFF
    elif how == "empty":
        content = bytearray()
    elif how == "text":
        content = bytearray(b"not an array\n")
    elif how == "header":
        content[8:40] = b"\xff" * 32
    path.write_bytes(content)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("memory", [2**30, 100])
@pytest.mark.parametrize("how", ["truncated", "flipped", "empty", "text"])
def test_damaged_archive_is_refused(tmp_path, compressed, memory, how):
    path = save(tmp_path / "a.npz", compressed, x_train=X)
    damage(path, how)
    with pytest.raises(DataError, match=r"cannot be read. Received: .*a\.npz \(.+\). Acc") as error:
        load_data(path, memory=memory)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("how", ["truncated", "empty", "text", "header"])
def test_damaged_array_is_refused(tmp_path, how):
    path = tmp_path / "a.npy"
    np.save(path, X)
    damage(path, how)
    with pytest.raises(DataError, match=r"cannot be read. Received: .*a\.npy \(.+\). Acc") as error:
        load_data(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("memory", [2**30, 1])
def test_pickled_objects_are_refused(tmp_path, memory):
    objects = np.array([[1], "two"], object)
    np.save(tmp_path / "a.npy", objects)
    save(tmp_path / "a.npz", x=objects)
    for path in (tmp_path / "a.npy", tmp_path / "a.npz"):
        with pytest.raises(DataError, match="cannot be read"):
            load_data(path, memory=memory)


def test_array_file_is_mapped_and_not_read(tmp_path):
    np.save(tmp_path / "a.npy", X)
    train, test = load_data(tmp_path / "a.npy")
    assert isinstance(train.samples, np.memmap)
    assert test is None
    EXACT.check(train.batch([7, 2], None)["data"], X[[7, 2]])


def test_mapped_images_without_channels_stay_mapped(tmp_path):
    np.save(tmp_path / "a.npy", X[..., 0])
    train, _ = load_data(tmp_path / "a.npy")
    assert isinstance(train.samples, np.memmap)
    assert train.shape == (6, 5, 1)
