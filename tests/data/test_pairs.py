"""Two sources beside each other: pairs by name, domains in orders of their own, masks."""

import numpy as np
import pytest
from PIL import Image

from tests.tolerances import EXACT
from zoo.data import load_data
from zoo.errors import DataError

pytestmark = pytest.mark.once


def write(folder, names, level=0, mode="RGB"):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        grey = np.full((4, 4), level + number, np.uint8)
        Image.fromarray(grey).convert(mode).save(folder / f"{name}.png")
    return folder


def test_images_of_two_folders_are_pairs(tmp_path):
    photos = write(tmp_path / "photos", "abc", 10)
    maps = write(tmp_path / "maps", "cab", 20)
    data, test = load_data(photos, target=maps)
    assert test is None
    EXACT.check(data.samples[:, 0, 0, 0], [10, 11, 12])
    EXACT.check(data.fields["target"].values[:, 0, 0, 0], [21, 22, 20])


def test_a_folder_of_two_domains_is_pairs_or_unpaired(tmp_path):
    write(tmp_path / "trainA", "abc")
    write(tmp_path / "trainB", "abc", 100, "L")
    write(tmp_path / "testA", "d", 50)
    write(tmp_path / "testB", "d", 150, "L")
    train, test = load_data(tmp_path)
    assert train.shapes == {"data": (4, 4, 3), "target": (4, 4, 1)}
    assert (len(train), len(test)) == (3, 1)
    assert test.fields["target"].values.max() == 150
    write(tmp_path / "trainB", ["x", "y"], 200, "L")
    train, _ = load_data(tmp_path, unpaired=True, size=2)
    assert (len(train), len(train.streams["other"])) == (3, 5)
    assert train.shapes["other"] == (2, 2, 1)
    with pytest.raises(DataError, match=r"'x' in .*trainB alone. .*--unpaired"):
        load_data(tmp_path)
    with pytest.raises(DataError, match="holds two sources"):
        load_data(tmp_path, target=tmp_path)


def test_pairs_without_common_names_are_in_their_order(tmp_path):
    photos = write(tmp_path / "photos", ["photo1", "photo2"], 10)
    maps = write(tmp_path / "maps", ["map1", "map2"], 20)
    data, _ = load_data(photos, target=maps)
    EXACT.check(data.fields["target"].values[:, 0, 0, 0], [20, 21])
    write(maps, ["map3"])
    with pytest.raises(DataError, match="2 samples and 3 of 'target'"):
        load_data(photos, target=maps)


def test_a_pair_of_which_an_image_cannot_be_read_is_named(tmp_path):
    photos = write(tmp_path / "photos", "abc")
    maps = write(tmp_path / "maps", "abc")
    (maps / "b.png").write_bytes(b"torn")
    with pytest.warns(UserWarning, match="Left out"), pytest.raises(DataError, match=r"b\.png of"):
        load_data(photos, target=maps)
    with pytest.warns(UserWarning, match="Left out"):
        data, _ = load_data(photos, target=maps, unpaired=True)
    assert len(data.streams["other"]) == 2


def test_masks_are_0_or_1_whatever_the_size(tmp_path):
    photos = write(tmp_path / "photos", "ab", 10)
    masks = write(tmp_path / "masks", ["a"], 255)
    write(masks, ["b"], 0)
    data, _ = load_data(photos, mask=masks, size=2)
    batch = data.batch([0, 1], (-1, 1))
    assert batch["mask"].dtype == np.float32
    EXACT.check(batch["mask"], np.array([1, 0])[:, None, None, None] * np.ones((2, 2, 2, 1)))


@pytest.mark.parametrize(
    ("field", "accepted"),
    [("target", "each, or unpaired=True .*"), ("mask", "each"), ("low", "each")],
)
def test_a_file_without_a_partner_is_named(tmp_path, field, accepted):
    photos = write(tmp_path / "photos", "ab", 10)
    others = write(tmp_path / "others", ["a"], 255)
    with pytest.raises(
        DataError, match=rf"'b' in .*photos alone. Accepted: a partner for {accepted}\.$"
    ):
        load_data(photos, **{field: others})


def test_arrays_and_splits_are_paired_too():
    images = np.zeros((4, 5, 5, 1), np.uint8)
    splits = ((images, None), (images[:2], None))
    train, test = load_data(
        splits, target=splits, mask=((images > 0, None), (images[:2] > 0, None))
    )
    assert (len(train), len(test)) == (4, 2)
    assert list(test.fields) == ["data", "target", "mask"]
    with pytest.warns(UserWarning, match="Left out the test split: only one of the two"):
        train, test = load_data(splits, target=images)
    assert test is None


def test_a_dictionary_of_fields_is_a_source():
    data, test = load_data({"data": np.zeros((2, 3)), "mask": np.ones((2, 3), bool)})
    assert test is None
    assert data.fields["mask"].kind == "mask"
