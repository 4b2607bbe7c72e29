"""Paths of results and reports; other files stay as they are."""

import pytest

from benchmarks.__main__ import main
from benchmarks.errors import BenchmarkError
from benchmarks.records.paths import check_path
from tests.benchmarks.rows import made_up_run, write_rows

pytestmark = pytest.mark.once

ONE = ["--models", "vae", "--subjects", "onnxruntime", "--workloads", "encode", "--batches", "1"]


@pytest.fixture
def results(tmp_path):
    """A file of results."""
    path = tmp_path / "run.jsonl"
    write_rows(path, ("all", made_up_run()))
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["full.md", "full.html", "full", "full.json", ".jsonl"])
def test_results_under_another_name_are_neither_written_nor_reported(tmp_path, name, capsys):
    assert main([*ONE, "--out", str(tmp_path / name)]) == 2
    assert "ends in .jsonl. Received: " in capsys.readouterr().err
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("name", ["run.md", "run.html", "run"])
def test_results_are_not_replaced_by_their_own_report(results, name):
    path = results.rename(results.with_name(name))
    before = contents(path.parent)
    assert main(["report", str(path)]) == 2
    assert contents(path.parent) == before


@pytest.mark.parametrize("suffix", [".md", ".html"])
@pytest.mark.parametrize("text", ["", "# Benchmark\n\nby hand\n", "<!doctype html>\n", "\xff"])
def test_other_file_beside_the_results_is_left_alone(results, suffix, text, capsys):
    results.with_suffix(suffix).write_text(text, encoding="latin-1")
    before = contents(results.parent)
    assert main(["report", str(results)]) == 2
    assert main([*ONE, "--out", str(results), "--overwrite"]) == 2
    assert contents(results.parent) == before
    assert capsys.readouterr().err.count("is no report of a benchmark") == 2


def test_folder_beside_the_results_is_no_report(results):
    results.with_suffix(".md").mkdir()
    with pytest.raises(BenchmarkError, match="must be a report or absent"):
        check_path(results)


def test_results_are_no_folder(tmp_path):
    (tmp_path / "run.jsonl").mkdir()
    with pytest.raises(BenchmarkError, match="Results are a file"):
        check_path(tmp_path / "run.jsonl")


def test_reports_are_recognized_and_written_again(results, capsys):
    for _ in range(2):
        assert main(["report", str(results)]) == 0
        assert sorted(contents(results.parent)) == ["run.html", "run.jsonl", "run.md"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["default: bench.jsonl; --quick: bench-quick.jsonl; --gpu: bench-gpu.jsonl"]),
        (["report"], [".md", ".html", "RESULTS"]),
        (["compare"], ["Exits with 1", "least ratio of times", "default: 1.05", "BEFORE"]),
    ],
)
def test_help_names_the_files_and_the_exit_code(words, expected, capsys):
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert [text for text in expected if text not in shown] == []


@pytest.mark.parametrize("slower", ["1", "nan", "inf"])
def test_least_ratio_that_counts_is_above_1(results, slower, capsys):
    assert main(["compare", str(results), str(results), "--slower", slower]) == 2
    assert f"above 1. Received: {float(slower)}. Accepted: " in capsys.readouterr().err
