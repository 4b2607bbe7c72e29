"""Reports of a made-up run whose figures are known."""

import re
from xml.etree import ElementTree

import pytest

from benchmarks.records.schema import Failure
from benchmarks.report import Analysis, markdown, text
from benchmarks.report.page import page
from benchmarks.report.svg import LogScale
from benchmarks.report.tables import seconds, size, times
from benchmarks.report.timings import tables
from benchmarks.tasks import Task
from tests.benchmarks.rows import made_up_run

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def analysis():
    return Analysis(made_up_run())


def test_speedup_is_over_the_fastest_of_its_kind(analysis):
    compared = analysis.speedups("compiled")
    assert {c.other for c in compared} == {"torch-eager"}
    assert all(1.9 < c.speedup.value < 2.1 for c in compared)
    assert all(c.speedup.low < 2.03 and c.speedup.high > 1.97 for c in compared)


def test_means_are_by_kind_and_batch(analysis):
    found = {(kind, batch): mean.value for kind, batch, mean, _, _ in analysis.means()}
    assert found["compiled", 1] == pytest.approx(2.0, rel=0.03)
    assert found["predict", 64] == pytest.approx(9.0, rel=0.03)
    assert found["plain", 8] == pytest.approx(1.8, rel=0.03)


def test_training_is_held_against_the_hand_written_step(analysis):
    ratios = {c.subject: 1 / c.speedup.value for c in analysis.training()}
    assert ratios["torch-eager"] == pytest.approx(2.0 / 1.8, rel=0.05)


def test_each_subject_is_compared_at_the_tasks_that_both_did(analysis):
    table = next(t for t in tables(analysis) if t.title == "ONNX Runtime against each")
    rows = {row[0]: row[1:] for row in table.rows}
    assert "onnxruntime" not in rows
    mean, least = (float(cell.rstrip("×")) for cell in rows["plain-torch"][:2])
    assert mean == pytest.approx(1.8, rel=0.03)
    assert least <= mean
    assert rows["plain-torch"][-1] == "6"  # two models, three batch sizes, without training


def test_terminal_has_all_timings_where_onnx_runtime_has_none(analysis):
    assert "All timings" not in text(analysis)
    rows = [row for row in made_up_run() if getattr(row, "subject", None) != "onnxruntime"]
    assert "All timings" in text(Analysis(rows))
    assert "vae    sample      jax-jit" in text(Analysis(rows))


def test_one_reason_is_one_line_however_often_it_stood_in_the_way():
    failed = [
        Failure(
            of="time",
            model="vae",
            workload="sample",
            batch=batch,
            subject="openvino",
            error="no such file",
        )
        for batch in (1, 8, 64)
    ]
    table = tables(Analysis(made_up_run() + failed))[-1]
    assert table.title == "Failures"
    assert ["vae, 3 times", "openvino", "no such file"] in table.rows


def test_share_of_the_ceiling_is_the_least_time_over_the_time(analysis):
    task = Task("vae", "sample", 64)
    expected = (1e7 * 64 / 1e11) / (5e-4 * 64**0.8)
    assert analysis.share(task, "onnxruntime") == pytest.approx(expected, rel=0.1)


def test_pictures_are_well_formed_and_inside_their_frames(analysis):
    pictures = re.findall(r"<svg.*?</svg>", page(analysis), flags=re.DOTALL)
    assert len(pictures) > 8
    for picture in pictures:
        root = ElementTree.fromstring(picture)
        _, _, width, height = map(float, root.get("viewBox").split())
        marks = [e for e in root.iter() if e.tag.endswith("circle")]
        for mark in marks:
            assert 0 <= float(mark.get("cx")) <= width
            assert 0 <= float(mark.get("cy")) <= height


def test_lines_of_the_scale_do_not_cross_the_names_of_rows(analysis):
    pictures = re.findall(r'<svg[^>]*aria-label="Speed-up.*?</svg>', page(analysis))
    assert pictures
    for picture in pictures:
        elements = list(ElementTree.fromstring(picture).iter())
        names = [float(e.get("y")) for e in elements if e.get("class") == "row"]
        lines = [e.get("points").split() for e in elements if e.get("class") in ("grid", "unit")]
        spans = [sorted(float(point.split(",")[1]) for point in line) for line in lines]
        assert names
        for baseline in names:
            assert not [s for s in spans if s[0] < baseline + 3 and s[1] > baseline - 10]


def test_frame_of_a_table_shows_that_it_scrolls(analysis):
    html = page(analysis)
    frame = re.search(r"\.scroll \{.*?\}", html, flags=re.DOTALL).group()
    assert "overflow-x: auto" in frame
    assert frame.count("no-repeat local") == frame.count("no-repeat scroll") == 2
    # A background of the table itself would cover the shadows.
    assert "background" not in re.search(r"\ntable \{.*?\}", html, flags=re.DOTALL).group()


def test_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows(analysis):
    html = page(analysis)
    assert not re.search(r"(src|href)=|url\(|@import|<script", html)
    assert "a &lt;processor&gt; &amp; more" in html
    assert "a &lt; b | c" in html
    assert "prefers-color-scheme: dark" in html


def test_markdown_tables_have_as_many_cells_in_every_row(analysis):
    for block in re.findall(r"(?:^\|.*\n)+", markdown(analysis), flags=re.MULTILINE):
        counts = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(counts) == 1


def test_terminal_names_what_onnx_runtime_spends_its_time_on(analysis):
    assert "Conv 75%, Gemm 25%" in text(analysis)
    assert "2.00× (" in text(analysis)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (seconds(0.00124), "1.24 ms"),
        (seconds(999.7e-6), "1.00 ms"),
        (seconds(999.4e-6), "999 µs"),
        (seconds(12.34), "12.3 s"),
        (seconds(5.6e-6), "5.60 µs"),
        (size(2172712), "2.17 MB"),
        (times(2.306), "2.31×"),
    ],
)
def test_numbers_have_three_digits_and_a_unit(shown, expected):
    assert shown == expected


def test_log_scale_shows_few_round_ticks():
    assert LogScale.over([0.9, 12], 0, 100).ticks() == [1, 2, 5, 10]
    assert len(LogScale.over([1e-6, 1e3], 0, 100).ticks()) <= 6
