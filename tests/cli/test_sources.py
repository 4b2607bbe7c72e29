"""The options that say where data come from."""

import argparse
import json

import numpy as np
import pytest
from PIL import Image

from zoo.cli import sources
from zoo.errors import DataError

pytestmark = pytest.mark.once


def source(*words, before=None):
    parser = argparse.ArgumentParser()
    sources.add_arguments(parser, help="data")
    found = sources.source_of(parser.parse_args(list(map(str, words))), before)
    return json.loads(json.dumps(found))


def images(folder, names):
    folder.mkdir()
    for name in names:
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / f"{name}.png")
    return folder


def test_a_target_is_a_second_source(tmp_path, monkeypatch):
    images(tmp_path / "a", "xy")
    images(tmp_path / "b", "xy")
    monkeypatch.chdir(tmp_path)
    found = source("--data", "a", "--target", "b", "--mask", "b")
    assert found == {"data": str(tmp_path / "a")} | dict.fromkeys(
        ("target", "mask"), str(tmp_path / "b")
    )
    monkeypatch.chdir("/")
    train, _ = sources.load(found)
    assert list(train.fields) == ["data", "target", "mask"]
    train, _ = sources.load(
        source("--data", found["data"], "--target", found["mask"], "--unpaired")
    )
    assert len(train.streams["other"]) == 2


def test_a_second_source_belongs_to_the_first(tmp_path):
    before = {"data": "digits", "target": "ring", "unpaired": True, "length": 3}
    assert source(before=before) == before
    assert source("--data", "ring", before=before) == {"data": "ring"}
    with pytest.raises(DataError, match="two sources. Received: one"):
        sources.load(source("--data", "digits", "--unpaired"))


def test_tables_and_text_are_data_too(tmp_path):
    table, text = tmp_path / "t.csv", tmp_path / "t.txt"
    table.write_text("a,b,c\n1,x,5\n2,y,6\n")
    text.write_text("one two three four")
    train, _ = sources.load(source("--data", table, "--label", "b", "--csv-columns", "a", "b"))
    assert (train.shape, train.class_names) == ((1,), ["x", "y"])
    train, _ = sources.load(source("--data", text, "--tokens", "words", "--length", 2))
    assert train.samples.shape == (2, 2)
    with pytest.raises(DataError, match=r"label is for tables \(.csv\)"):
        sources.load(source("--data", text, "--label", "b"))


@pytest.mark.parametrize(
    ("arrays", "words", "message"),
    [
        ({"a": 3, "b": 3}, [], "such as .*--keys"),
        ({"a": 3}, ["--keys", "x_train=b"], "keys name arrays .*--keys"),
        ({"x": 3}, ["--sequences"], "cannot be sequences.*--sequences"),
        ({"x": 3}, ["--image-size", "4"], "--image-size and --channels"),
        ({"x": 3}, ["--csv-columns", "a"], "--csv-columns"),
        ({"x": 3}, ["--tokens", "words"], "--tokens"),
    ],
)
def test_an_error_names_the_option_of_the_command_line(tmp_path, arrays, words, message):
    np.savez(tmp_path / "x.npz", **{name: np.zeros((n, 2)) for name, n in arrays.items()})
    with pytest.raises(DataError, match=message):
        sources.load(source("--data", tmp_path / "x.npz", *words))


def test_images_of_several_sizes_name_the_option_that_sets_one(tmp_path):
    folder = images(tmp_path / "a", "x")
    Image.fromarray(np.zeros((5, 4), np.uint8)).save(folder / "y.png")
    with pytest.raises(DataError, match=r"have one size.* On the command line: --image-size\."):
        sources.load(source("--data", folder))
    train, _ = sources.load(source("--data", folder, "--image-size", "4"))
    assert train.shape == (4, 4, 1)
