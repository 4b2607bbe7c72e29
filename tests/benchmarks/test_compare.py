"""Two runs compared."""

from dataclasses import replace

import pytest

from benchmarks.__main__ import main
from benchmarks.errors import BenchmarkError
from benchmarks.records.schema import Timing
from benchmarks.report.compare import compare, table
from benchmarks.tasks import PEAK
from tests.benchmarks.rows import made_up_run, write_rows

pytestmark = pytest.mark.once


def test_planted_regression_is_found_and_nothing_else():
    found = compare(made_up_run(), made_up_run(factors={"jax-jit": 1.3}, seed=1))
    slower = {row.subject for row in found.rows if row.verdict == "slower"}
    assert slower == {"jax-jit"}
    assert all(row.ratio.low < 1.33 for row in found.rows)
    assert "jax-jit" in table(found)


def test_same_run_has_no_changes():
    found = compare(made_up_run(), made_up_run(seed=2))
    assert {row.verdict for row in found.rows} == {"same"}


def slowed(rows, factor, *, peaks):
    """Rows whose times, of the peaks alone or of everything, are multiplied."""
    return [
        multiplied(row, factor)
        if isinstance(row, Timing) and (row.model == PEAK or not peaks)
        else row
        for row in rows
    ]


def multiplied(row, factor):
    """A timing with its times multiplied."""
    return replace(row, rounds=[factor * seconds for seconds in row.rounds])


def test_slower_machine_is_not_a_regression():
    found = compare(made_up_run(), slowed(made_up_run(seed=3), 2, peaks=False))
    assert found.machine.value == pytest.approx(2.0, rel=0.03)
    assert {row.verdict for row in found.rows} == {"unclear"}
    assert "0 slower, 0 faster" in table(found)
    assert f"{len(found.rows)} unclear" in table(found)


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_disturbed_peaks_make_no_change(factor):
    found = compare(made_up_run(), slowed(made_up_run(seed=5), factor, peaks=True))
    assert {row.verdict for row in found.rows} <= {"same", "unclear"}
    assert all(row.ratio.low < 1.05 for row in found.rows)


def test_uncertainty_of_the_peaks_widens_what_is_relative_to_them():
    after = made_up_run(seed=6)
    disturbed = next(row for row in after if isinstance(row, Timing) and row.model == PEAK)
    after[after.index(disturbed)] = multiplied(disturbed, 3)
    found = compare(made_up_run(), after)
    assert found.machine.high / found.machine.low > 2
    for row in found.rows:
        assert row.relative.low == pytest.approx(row.ratio.low / found.machine.high)
        assert row.relative.high == pytest.approx(row.ratio.high / found.machine.low)


def test_tasks_that_are_no_longer_measured_are_named():
    after = [row for row in made_up_run(seed=4) if getattr(row, "subject", "") != "plain-torch"]
    found = compare(made_up_run(), after)
    assert "vae/sample/1 plain-torch" in found.missing
    (line,) = [line for line in table(found).splitlines() if line.startswith("No longer")]
    assert line.startswith(f"No longer measured, of {len(found.rows) + 12}: 12, vae/")
    assert line.count("plain-torch") == 3
    assert line.endswith(", ….")


def test_runs_without_a_common_task_are_an_error():
    with pytest.raises(BenchmarkError, match="in common"):
        compare(made_up_run(models=("vae",)), made_up_run(models=("dcgan",)))


def test_command_exits_with_1_on_a_regression(tmp_path, capsys):
    files = [tmp_path / "before.jsonl", tmp_path / "after.jsonl"]
    for path, factors in zip(files, ({}, {"onnxruntime": 1.5}), strict=True):
        write_rows(path, ("all", made_up_run(factors=factors)))
    before, after = map(str, files)
    assert main(["compare", before, after]) == 1
    assert "6 slower, 0 faster" in capsys.readouterr().out
    assert main(["compare", before, before]) == 0
    assert main(["compare", before, str(tmp_path / "absent.jsonl")]) == 2
