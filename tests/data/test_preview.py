"""Samples are looked at in the form of the data that they imitate."""

import numpy as np
import pytest

from zoo.data import load_data
from zoo.plotting.preview import save_preview

pytestmark = pytest.mark.once


def preview(data, path):
    samples = data.batch([0, 1], None)["data"]
    return save_preview(samples, path, value_range=None, description=data.description)


def test_text_is_lines_and_a_table_is_a_table(tmp_path):
    (tmp_path / "x.txt").write_text("ab\ncd\n")
    (tmp_path / "x.csv").write_text("a,b\n1,x\n2,y\n3,x\n")
    text, _ = load_data(tmp_path / "x.txt", length=3)
    written = preview(text, tmp_path / "epoch-1.png")
    assert written.name == "epoch-1.txt"
    assert written.read_text() == "ab\\n\ncd\\n\n"
    table, _ = load_data(tmp_path / "x.csv")
    assert preview(table, tmp_path / "epoch-1.png").read_text() == "a,b\n1,x\n2,y\n"


def test_everything_else_is_a_picture(tmp_path):
    digits, _ = load_data("digits")
    assert preview(digits, tmp_path / "epoch-1").suffix == ".png"
    (tmp_path / "x.csv").write_text("a,b\n1,x\n2,y\n")
    indexed, _ = load_data(tmp_path / "x.csv", form="index")
    assert preview(indexed, tmp_path / "epoch-2").suffix == ".png"
    assert np.isfinite(indexed.samples).all()
