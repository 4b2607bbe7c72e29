"""Folders of pictures of any kind become arrays of one shape, in a fixed order."""

import os
import tempfile

import numpy as np
import pytest
from PIL import Image

from tests.tolerances import EXACT
from zoo.data import load_data
from zoo.errors import DataError, TargetError

pytestmark = pytest.mark.once

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def draw(path, colour=RED, size=(8, 8), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **options)
    return path


def pixel(data, index=0):
    return tuple(data.samples[index, 0, 0].tolist())


def test_flat_folder_is_sorted_by_name_and_has_no_labels(tmp_path):
    for name, colour in {"c.png": BLUE, "a.PNG": RED, "b.bmp": GREEN}.items():
        draw(tmp_path / name, colour)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_text("no picture")
    train, test = load_data(tmp_path)
    assert [pixel(train, index) for index in range(3)] == [RED, GREEN, BLUE]
    assert train.labels is None
    assert test is None
    assert train.samples.dtype == np.uint8
    assert train.source_range == (0.0, 255.0)


def test_subfolders_are_classes(tmp_path):
    draw(tmp_path / "dog" / "1.png", RED)
    draw(tmp_path / "cat" / "deep" / "1.png", GREEN)
    draw(tmp_path / "cat" / "2.png", BLUE)
    (tmp_path / "empty").mkdir()
    draw(tmp_path / ".thumbnails" / "1.png")
    train, _ = load_data(tmp_path)
    assert train.class_names == ["cat", "dog"]
    assert train.labels.tolist() == [0, 0, 1]
    assert [pixel(train, index) for index in range(3)] == [BLUE, GREEN, RED]


@pytest.mark.parametrize("name", ["test", "val", "valid", "validation"])
def test_train_and_test_folders_are_splits(tmp_path, name):
    draw(tmp_path / "train" / "cat" / "1.png")
    draw(tmp_path / "train" / "dog" / "1.png")
    draw(tmp_path / name / "dog" / "1.png", BLUE)
    train, test = load_data(str(tmp_path))
    assert (len(train), len(test)) == (2, 1)
    assert test.labels.tolist() == [1]
    assert test.class_names == ["cat", "dog"]
    assert pixel(test) == BLUE


def test_a_class_may_be_called_train(tmp_path):
    for name in ("train", "car"):
        draw(tmp_path / name / "1.png")
    train, test = load_data(tmp_path)
    assert train.class_names == ["car", "train"]
    assert test is None


def test_classes_that_are_numbers_are_sorted_by_value(tmp_path):
    for index in range(12):
        draw(tmp_path / f"{index}" / "a.png", (index, 0, 0))
    train, _ = load_data(tmp_path)
    assert train.class_names == [str(index) for index in range(12)]
    EXACT.check(train.samples[:, 0, 0, 0], train.labels)


def test_pictures_beside_class_folders_are_left_out_and_counted(tmp_path):
    draw(tmp_path / "cat" / "1.png")
    draw(tmp_path / "stray.png")
    with pytest.warns(UserWarning, match="Left out 1 images .* in no class folder") as caught:
        train, _ = load_data(tmp_path)
    assert len(train) == 1
    assert caught[0].filename == __file__


def test_shorter_side_fits_and_the_centre_stays(tmp_path):
    image = np.zeros((16, 64, 3), np.uint8)
    image[:, 16:48] = RED
    Image.fromarray(image).save(tmp_path / "wide.png")
    Image.fromarray(image.transpose(1, 0, 2)).save(tmp_path / "tall.png")
    train, _ = load_data(tmp_path, size=8)
    EXACT.check(train.samples, np.broadcast_to(RED, (2, 8, 8, 3)))
    assert load_data(tmp_path, size=(4, 12))[0].shape == (4, 12, 3)


def test_large_photographs_are_decoded_small(tmp_path):
    rows, columns = np.mgrid[:600, :900]
    image = np.stack([rows // 3, columns // 4, 0 * rows], axis=-1).astype(np.uint8)
    Image.fromarray(image).save(tmp_path / "photo.jpg", quality=95)
    train, _ = load_data(tmp_path, size=20)
    expected = image[15::30, 165:750:30]
    assert np.abs(train.samples[0].astype(int) - expected).max() <= 4


def test_pictures_are_turned_upright(tmp_path):
    image = Image.new("RGB", (16, 8), BLUE)
    image.paste(RED, (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned right by 90 degrees: what is left comes to the top.
    image.save(tmp_path / "turned.png", exif=exif)
    train, _ = load_data(tmp_path)
    assert train.shape == (16, 8, 3)
    assert tuple(train.samples[0, 1, 4]) == RED
    assert tuple(train.samples[0, 14, 4]) == BLUE


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, (255,)),
        ("L", 77, (77,)),
        ("I;16", 0x4D12, (0x4D,)),
        ("LA", (0, 0), (255,)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBA", (1, 2, 3, 255), (1, 2, 3)),
        ("RGBA", (1, 2, 3, 0), (255, 255, 255)),
        ("P", 0, (9, 8, 7)),
    ],
)
def test_any_mode_becomes_grey_or_colour(tmp_path, mode, colour, expected):
    image = Image.new(mode, (8, 8), colour)
    if mode == "P":
        image.putpalette([9, 8, 7])
    image.save(tmp_path / "a.png")
    train, _ = load_data(tmp_path)
    assert pixel(train) == expected


def test_transparent_colour_of_a_palette_is_laid_over_white(tmp_path):
    image = Image.new("P", (8, 8), 0)
    image.putpalette([9, 8, 7])
    image.save(tmp_path / "a.gif", transparency=0)
    assert pixel(load_data(tmp_path)[0]) == (255, 255, 255)


def test_other_colour_spaces_and_formats_are_read(tmp_path):
    draw(tmp_path / "a.jpg", (0, 255, 255, 0), mode="CMYK")
    draw(tmp_path / "b.webp", lossless=True)
    draw(tmp_path / "c.tiff")
    draw(tmp_path / "d.ppm")
    train, _ = load_data(tmp_path)
    assert np.abs(train.samples.astype(int) - RED).max() <= 3


def test_one_colour_picture_makes_all_colour(tmp_path):
    draw(tmp_path / "a.png", 77, mode="L")
    draw(tmp_path / "b.png")
    assert pixel(load_data(tmp_path)[0]) == (77, 77, 77)
    assert pixel(load_data(tmp_path, channels=1)[0], 1) == (76,)


def test_opacity_is_kept_as_fourth_channel_on_request(tmp_path):
    draw(tmp_path / "a.png", (1, 2, 3, 99), mode="RGBA")
    draw(tmp_path / "b.png")
    train, _ = load_data(tmp_path, channels=4)
    assert pixel(train) == (1, 2, 3, 99)
    assert pixel(train, 1) == (*RED, 255)


def test_sizes_that_differ_are_named_where_none_is_given(tmp_path):
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.png", size=(9, 7))
    with pytest.raises(DataError, match=r"a\.png of 8x8 and .*b\.png of 7x9 \(height x width\)"):
        load_data(tmp_path)
    assert load_data(tmp_path, size=8)[0].shape == (8, 8, 3)


def tear(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def spoil(folder, suffix):
    """Writes a picture that cannot be read, between others that can."""
    draw(folder / "cat" / f"a.{suffix}", BLUE)
    draw(folder / "dog" / f"c.{suffix}", BLUE)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "cat" / f"b.{suffix}")
    tear(folder / "cat" / f"b.{suffix}")


@pytest.mark.parametrize("memory", [2**30, 10])
@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "webp", "tif"])
def test_an_unreadable_picture_is_named_and_left_out(tmp_path, suffix, memory):
    spoil(tmp_path, suffix)
    with pytest.warns(UserWarning, match=rf"Left out .*b\.{suffix}: .+\. 2 of 3 images were read"):
        train, _ = load_data(tmp_path, size=8, memory=memory)
    assert len(train) == 2
    assert train.labels.tolist() == [0, 1]
    assert train.description["skipped"] == [f"cat/b.{suffix}"]


def test_empty_and_mislabelled_files_are_unreadable(tmp_path):
    draw(tmp_path / "a.png")
    (tmp_path / "b.png").touch()
    (tmp_path / "c.jpg").write_text("no picture")
    with pytest.warns(UserWarning, match=r"b\.png and 1 more: cannot identify"):
        train, _ = load_data(tmp_path)
    assert train.description["skipped"] == ["b.png", "c.jpg"]


def test_only_unreadable_pictures_are_an_error(tmp_path):
    (tmp_path / "a.png").touch()
    (tmp_path / "b.png").touch()
    with pytest.raises(DataError, match=r"Received: 2 in .* that cannot, such as a\.png"):
        load_data(tmp_path)


@pytest.mark.parametrize("names", [[], ["notes.txt"], ["sub/notes.txt"]])
def test_folder_without_pictures_is_refused(tmp_path, names):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    with pytest.raises(DataError, match=r"which holds none. Accepted: \.bmp, "):
        load_data(tmp_path)


def test_pictures_beyond_memory_are_mapped_from_an_unnamed_file(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    for index in range(5):
        draw(tmp_path / "in" / f"{index}.png", (index, 0, 0))
    mapped, _ = load_data(tmp_path / "in", memory=0)
    held, _ = load_data(tmp_path / "in")
    assert isinstance(mapped.samples, np.memmap)
    assert os.listdir(scratch) == []
    EXACT.check(mapped.samples, held.samples)
    assert mapped.description == held.description


def test_full_disk_while_unpacking_is_one_clear_line(tmp_path, monkeypatch):
    draw(tmp_path / "a.png")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: open("/dev/full", "wb"))
    with pytest.raises(TargetError, match="No space left on device.*set TMPDIR"):
        load_data(tmp_path, memory=0)


def test_loading_twice_gives_the_same_hash(tmp_path):
    for index in range(300):
        draw(tmp_path / f"{index % 3}" / f"{index}.png", (index % 256, index // 2, 7))
    first, second = (load_data(tmp_path)[0].description for _ in range(2))
    assert first == second
    assert first["count"] == 300
