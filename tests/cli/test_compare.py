"""Runs side by side on one page."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from zoo.plotting.curves import HEIGHT, draw_chart

pytestmark = pytest.mark.once


def test_a_page_holds_curves_pictures_and_what_differs(zoo, vae_run, cgan_run, tmp_path):
    code, out, _ = zoo("compare", vae_run, cgan_run, "--out", tmp_path / "x.html")
    assert code == 0
    assert out.strip() == str(tmp_path / "x.html")
    page = (tmp_path / "x.html").read_text()
    titles = re.findall(r"<title>([^<]*)</title>", page)
    logged = set(json.loads((vae_run / "log.jsonl").read_text().splitlines()[0]))
    assert logged - {"epoch", "step", "seconds"} <= set(titles)
    assert page.count("data:image/png;base64,") == 2
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "<th>num_classes</th>" in page and "<th>seed</th>" not in page


def test_a_folder_without_a_run_is_an_error_of_one_line(zoo, tmp_path):
    code, _, err = zoo("compare", tmp_path, "--out", tmp_path / "x.html")
    assert code == 1
    assert "A run is a folder that zoo train made" in err and err.count("\n") == 1
    assert not (tmp_path / "x.html").exists()


def points(svg):
    root = ElementTree.fromstring(svg)
    return [
        [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        for line in root.iter("polyline")
    ]


def test_a_chart_spans_the_points_and_leaves_out_what_is_no_number():
    nan = float("nan")
    (first, second) = points(draw_chart("a < b", {"x": [(0, 1), (5, nan), (10, 3)], "y": [(5, 2)]}))
    assert [x for x, _ in first] == [62.0, 410.0]
    assert first[0][1] == HEIGHT - 30 and first[1][1] == 26.0
    assert second == [(236.0, (HEIGHT - 30 + 26) / 2)]
    assert points(draw_chart("empty", {"x": []})) == []
    ((only,),) = points(draw_chart("one", {"x": [(3, 4)]}))
    assert only == (236.0, 118.0)
