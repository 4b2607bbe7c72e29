"""Files of results: reading, errors, and that nothing in them is lost."""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.errors import BenchmarkError
from benchmarks.records.file import Results, read
from benchmarks.records.schema import (
    Conditions,
    Failure,
    ModelInfo,
    Skipped,
    Timing,
    of_kind,
    to_row,
)
from tests.benchmarks.rows import made_up_run, write_rows

pytestmark = pytest.mark.once

PUBLISHED = (
    Path(__file__).resolve().parents[2]
    / "benchmarks"
    / "results"
    / "epyc-2core-float32-2026-11.jsonl"
)
DAMAGED = ['{"kind": "ti', "<<<<<<< HEAD", "null", "[]", "{}", '{"kind": "tmie"}', "\0\0\0"]


@pytest.fixture
def path(tmp_path):
    """A file of two units and an incomplete one."""
    path = tmp_path / "run.jsonl"
    units = {"vae": made_up_run(models=("vae",)), "dcgan": made_up_run(models=("dcgan",))[1:]}
    write_rows(path, *units.items())
    with open(path, "a") as file:
        file.write('{"kind": "model", "model": "gan", "workloads": ["sample"]}\n')
    return path


def change(path, number, text):
    """Puts a text in the place of a line; from the end where the number is negative."""
    lines = path.read_text().splitlines(keepends=True)
    lines[number] = text
    path.write_text("".join(lines))
    return number % len(lines) + 1


def continued(path):
    with Results(path, read(path)[0]) as results:
        return results


def test_published_results_are_read():
    rows = read(PUBLISHED)
    assert {row.kind for row in rows} >= {"conditions", "time", "cold", "cost"}
    assert len(of_kind(rows, Timing)) == 989


def test_rows_are_read_as_they_were_written():
    for row in made_up_run():
        content = json.loads(json.dumps(row.to_json()))
        assert type(to_row(content)) is type(row)
        assert to_row(content).to_json() == content


def test_kinds_of_older_files_are_read():
    row = to_row({"kind": "left_out", "subject": "far", "error": "Not installed: nowhere."})
    assert row == Skipped(subject="far", reason="Not installed: nowhere.")
    failed = to_row({"kind": "time", "model": "vae", "subject": "a", "load": 1.0, "error": "no"})
    assert failed == Failure(of="time", model="vae", subject="a", error="no")


@pytest.mark.parametrize("line", DAMAGED)
def test_damaged_line_is_named_and_nothing_is_changed(path, line, capsys):
    number = change(path, 20, line + "\n")
    before = path.read_bytes()
    for command in (["report", str(path)], ["compare", str(path), str(path)]):
        assert main(command) == 2
        assert f"line {number} of {path}" in capsys.readouterr().err
    with pytest.raises(BenchmarkError, match=f"line {number} of "):
        Results(path, Conditions())
    assert path.read_bytes() == before
    assert not path.with_suffix(".md").exists()


@pytest.mark.parametrize("line", ['{"kind": "ti', "{", '{"kind": "done", "unit": "ga'])
def test_last_line_may_be_torn(path, line):
    change(path, -1, line)
    whole = read(path)
    assert [row.model for row in of_kind(whole, Timing)][-1] == "dcgan"
    assert continued(path).done == {"vae", "dcgan"}
    assert path.read_text().endswith('"unit": "dcgan"}\n')


def test_rows_of_an_incomplete_unit_are_left_out(path):
    assert "gan" not in {row.model for row in of_kind(read(path), ModelInfo)}
    assert "gan" not in continued(path).done


def test_last_line_without_its_end_of_line_counts_and_the_next_begins_anew(path):
    path.write_text(path.read_text().rpartition('{"kind": "model"')[0].rstrip("\n"))
    rows = read(path)
    with Results(path, rows[0]) as results:
        assert results.done == {"vae", "dcgan"}
        results.add("more", [Failure(of="model", model="gan", error="none")])
    assert len(read(path)) == len(rows) + 1


@pytest.mark.parametrize("key", ["rounds", "best", "subject", "batch"])
def test_row_that_lacks_a_key_is_named(path, key, capsys):
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    index = next(i for i, row in enumerate(rows) if row["kind"] == "time")
    del rows[index][key]
    number = change(path, index, json.dumps(rows[index]) + "\n")
    assert main(["report", str(path)]) == 2
    error = capsys.readouterr().err
    assert f"A row of the kind time has {key}, " in error
    assert f"Received: no {key}, in line {number} of " in error


@pytest.mark.parametrize("rounds", [[], [None], ["0.1"], 0.1, [float("nan")]])
def test_rounds_are_numbers(path, rounds):
    row = {"kind": "time", "model": "vae", "workload": "encode", "batch": 1, "subject": "jax-jit"}
    row |= {"load": 1.0, "first": 1.0, "best": 1.0, "calls": 1}
    change(path, 20, json.dumps(row | {"rounds": rounds}) + "\n")
    with pytest.raises(BenchmarkError, match="has rounds, a list of numbers. Received: rounds="):
        read(path)


def test_another_format_is_an_error_whatever_its_rows_are(path, capsys):
    change(path, 0, '{"kind": "conditions", "format": 9}\n')
    change(path, 1, '{"kind": "news"}\n')
    for command in (["report", str(path)], ["compare", str(path), str(path)]):
        assert main(command) == 2
        assert "Received: 9, " in capsys.readouterr().err


def test_two_runs_in_one_file_are_an_error(path):
    path.write_text(2 * path.read_text())
    with pytest.raises(BenchmarkError, match="where a second begins"):
        read(path)


def test_timed_subject_without_a_description_is_named(path):
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"type": "predict"' not in line))
    with pytest.raises(BenchmarkError, match="without one of torch-predict"):
        read(path)


def test_second_run_on_a_file_is_an_error_until_the_first_has_ended(tmp_path):
    path = tmp_path / "run.jsonl"
    with Results(path, Conditions()) as first:
        first.add("one", [])
        before = path.read_bytes()
        for overwrite in (False, True):
            with pytest.raises(BenchmarkError, match=r"One run at a time .*run\.jsonl, in use"):
                Results(path, Conditions(), overwrite=overwrite)
        assert path.read_bytes() == before
    with Results(path, Conditions()) as results:
        assert results.done == {"conditions", "one"}


def test_file_is_unlocked_after_an_error(path):
    for _ in range(2):
        with pytest.raises(BenchmarkError, match="another"):
            Results(path, Conditions(threads=64))


def test_only_results_are_overwritten(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text('{"prompt": "hello"}\n')
    with pytest.raises(BenchmarkError, match="Only results may be overwritten"):
        Results(path, Conditions(), overwrite=True)
    assert path.read_text() == '{"prompt": "hello"}\n'


def test_damaged_results_may_be_overwritten(path):
    change(path, 3, "<<<<<<<\n")
    with Results(path, Conditions(), overwrite=True) as results:
        results.add("one", [])
        assert len(read(path)) == 1


def test_empty_file_is_begun(tmp_path):
    path = tmp_path / "run.jsonl"
    path.touch()
    with Results(path, Conditions()) as results:
        results.add("one", [])
    assert [row.kind for row in read(path)] == ["conditions"]


def test_results_are_overwritten_by_the_first_unit_and_not_before(path):
    before = path.read_bytes()
    with Results(path, Conditions(), overwrite=True) as results:
        assert path.read_bytes() == before
        results.add("one", [Failure(of="model", model="gan", error="none")])
    assert [type(row) for row in read(path)] == [Conditions, Failure]
