"""The page of published numbers: verdicts by hand, and that it is as the records are."""

import importlib
import json
import os
import pkgutil
import subprocess
from types import SimpleNamespace

import pytest

from benchmarks import papers
from benchmarks.papers import __main__ as command_line
from benchmarks.papers import published
from benchmarks.papers.bars import Bar, Limit, difference, mean, measure, runs, verdict
from benchmarks.papers.schedule import Case

pytestmark = pytest.mark.once

CASES = {"a": Case(lambda *_: {}, 10, 1, "0.5"), "b": Case(lambda *_: {}, 10, 1, "0.7")}


def _bar(**options):
    given = {"limits": (Limit("error", at_most=0.55),), "ours": {"error": measure("a", "error")}}
    return Bar("Errors", "0.5", "Nobody, 1999", **(given | options))


def _record(error, case="a", *, backend="jax", length=10, seed=0, draws=5000, **more):
    record = {"case": case, "backend": backend, "length": length, "seed": seed, "draws": draws}
    return record | {"result": {"error": error}} | more


def _found(bar, *records):
    return verdict(bar, runs(bar, records, longest=10))


def _page(tmp_path, bars, *records):
    (tmp_path / "tests.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in records))
    script = SimpleNamespace(CASES=CASES, BARS=bars)
    return published.page(tmp_path, {"tests": script})


def test_the_page_is_as_the_records_and_the_bars_are():
    assert published.PAGE.read_text() == published.page(), "Run `make docs`."


def test_every_script_is_on_the_page():
    names = [f"{papers.__name__}.{module.name}" for module in pkgutil.iter_modules(papers.__path__)]
    scripts = [name for name in names if hasattr(importlib.import_module(name), "CASES")]
    assert {name.rpartition(".")[2] for name in scripts} == set(published.SCRIPTS)


@pytest.mark.parametrize("name", published.SCRIPTS)
def test_bars_are_of_the_scripts_cases_and_numbers(name):
    script = importlib.import_module(f"benchmarks.papers.{name}")
    assert script.BARS
    for bar in script.BARS:
        measures = [*bar.ours.values(), *bar.control.values()]
        assert {case for one in measures for case in one.cases} <= set(script.CASES)
        assert {limit.name for limit in bar.limits} <= set(bar.ours)
        assert len({script.CASES[case].unit for case in bar.cases}) == 1
        path = published.RESULTS / f"{bar.records or name}.jsonl"
        records = published.read(path) if path.exists() else []
        results = {record["case"]: record["result"] for record in records}
        for one in measures:
            if set(one.cases) <= set(results):
                assert isinstance(one.of(results), float | int)


def test_limits_are_of_the_mean_or_of_every_seed():
    assert Limit("n", at_most=2).holds([1, 3])
    assert not Limit("n", at_most=2, every=True).holds([1, 3])
    assert Limit("n", at_least=1, at_most=3, every=True).holds([1, 3])
    assert not Limit("n", at_least=2.1).holds([1, 3])
    assert Limit("n", above=1.9, below=2.1).holds([1, 3])
    assert not Limit("n", above=2).holds([1, 3])
    assert not Limit("n", below=2).holds([1, 3])
    assert not Limit("n", above=1, every=True).holds([1, 3])
    assert str(Limit("n", at_least=1, at_most=2.5)) == "n ≥ 1 and ≤ 2.5"
    assert str(Limit("n", above=0)) == "n > 0"
    assert str(Limit("n", below=1)) == "n < 1"
    assert str(Limit("n", at_least=8, every=True)) == "n ≥ 8 in every seed"
    assert str(Limit("n", at_most=0.055)) == "n ≤ 0.055"


def test_measures_are_made_of_cases():
    results = {"a": {"error": 3.0}, "b": {"error": 1.0}}
    first, second = measure("a", "error"), measure("b", "error")
    assert difference(first, second).of(results) == 2
    assert mean([first, second]).of(results) == 2
    assert difference(first, second).cases == mean([first, second]).cases == ("a", "b")


def test_a_bar_holds_or_does_not_or_was_not_run():
    bar = _bar()
    assert _found(bar) == "not run"
    assert _found(bar, _record(0.5)) == "holds"
    assert _found(bar, _record(0.6)) == "does not hold"
    assert _found(_bar(limits=()), _record(0.6)) == "none set"


def test_a_bar_of_several_backends_or_seeds_holds_in_part():
    both = _bar(backends=("jax", "torch"))
    assert _found(both, _record(0.5)) == "holds in part"
    assert _found(both, _record(0.5), _record(0.5, backend="torch")) == "holds"
    assert _found(both, _record(0.5), _record(0.6, backend="torch")) == "holds in part"
    assert _found(both, _record(0.6), _record(0.6, backend="torch")) == "does not hold"
    two = _bar(seeds=2)
    assert _found(two, _record(0.5)) == "holds in part"
    assert _found(two, _record(0.5), _record(0.59, seed=1)) == "holds"
    assert _found(two, _record(0.5), _record(0.61, seed=1)) == "does not hold"


def test_the_longest_run_up_to_the_published_length_counts():
    bar = _bar()
    records = [_record(0.6, length=2), _record(0.5, length=8), _record(0.7, length=11)]
    (run,) = runs(bar, records, longest=10)
    assert (run.length, run.values(bar.ours["error"])) == (8, [0.5])
    assert runs(bar, records, longest=10, above=8) == []
    assert runs(bar, [_record(0.5, quick=True)], longest=10) == []
    draws = [_record(0.5, draws=50), _record(0.6, draws=500)]
    (run,) = runs(bar, draws, longest=10)
    assert (run.draws, run.values(bar.ours["error"])) == (500, [0.6])


def test_seeds_count_that_have_all_cases():
    bar = _bar(ours={"error": difference(measure("a", "error"), measure("b", "error"))})
    records = [_record(3.0), _record(1.0, "b"), _record(9.0, seed=1)]
    (run,) = runs(bar, records, longest=10)
    assert run.values(bar.ours["error"]) == [2.0]
    assert runs(bar, records[:1], longest=10) == []


def test_a_row_shows_mean_and_ends_control_and_schedule(tmp_path):
    control = {"b's": measure("b", "error"), "c's": measure("c", "error")}
    bar = _bar(control=control, differs="another optimizer", draws=5000)
    records = [
        _record(0.5, length=4, draws=50),
        _record(0.7, length=4, draws=50, seed=3),
        _record(0.9, "b", length=4, draws=50),
    ]
    text = _page(tmp_path, (bar,), *records)
    assert "Verdicts: 1 *does not hold* (1 shortened)." in text
    assert text.splitlines()[-1] == (
        "| Errors ([tests](tests.md)) | 0.5 (Nobody, 1999) | jax: error 0.6 (0.5 to 0.7) "
        "| jax: b's 0.9 of seed 0; c's not run "
        "| jax: **shortened** to 40 %: 4 of 10 epochs, seeds 0, 3; 50 of 5,000 importance samples"
        "<br>another optimizer | error ≤ 0.55: **does not hold** "
        "(schedule shortened; fewer importance samples) |"
    )


def test_a_whole_schedule_is_not_marked(tmp_path):
    text = _page(tmp_path, (_bar(),), _record(0.5), _record(0.6, backend="torch"))
    line = text.splitlines()[-1]
    assert "| jax: error 0.5<br>torch: error 0.6 |" in line
    assert "| jax: 10 epochs, seed 0<br>torch: 10 epochs, seed 0 |" in line
    assert line.endswith("error ≤ 0.55: **holds in part** (on jax alone) |")


def test_bars_of_one_case_have_records_of_their_own_length(tmp_path):
    short, long = _bar(length=4), _bar()
    text = _page(tmp_path, (short, long), _record(0.5, length=4))
    first, second = text.splitlines()[-2:]
    assert "jax: 4 epochs, seed 0" in first and "**holds**" in first
    assert "not run" in second
    text = _page(tmp_path, (short, long), _record(0.5, length=6))
    first, second = text.splitlines()[-2:]
    assert "not run" in first
    assert "**shortened** to 60 %: 6 of 10 epochs" in second


def test_what_was_not_run_has_its_command(tmp_path):
    bar = _bar(length=4, draws=200, inputs="--data d.npz", control={"b": measure("b", "error")})
    line = _page(tmp_path, (bar,)).splitlines()[-1]
    command = (
        "python -m benchmarks.papers.tests a b --data d.npz --length 4 --draws 200 "
        "--out benchmarks/results/tests.jsonl"
    )
    assert line == (
        f"| Errors | 0.5 (Nobody, 1999) | not run |  | `{command}` | error ≤ 0.55: **not run** |"
    )


def test_a_command_runs_each_backend_and_seed_as_it_is_pasted(tmp_path):
    calls, python = tmp_path / "calls", tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$KERAS_BACKEND $*" >> {calls}\n')
    python.chmod(0o755)
    pasted = published.command("tests", _bar(backends=("jax", "torch"), seeds=2), CASES["a"])
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["sh", "-c", pasted], env={**os.environ, "PATH": path}, check=True)
    line = "-m benchmarks.papers.tests a --out benchmarks/results/tests.jsonl --seed"
    assert calls.read_text().splitlines() == [
        f"{backend} {line} {seed}" for seed in (0, 1) for backend in ("jax", "torch")
    ]


def test_a_new_record_makes_the_page_another(tmp_path):
    records = published.read(published.RESULTS / "vae.jsonl")
    records[0] |= {"length": 500, "result": records[0]["result"] | {"nll": 90.0}}
    (tmp_path / "vae.jsonl").write_text(json.dumps(records[0]) + "\n")
    out = tmp_path / "published.md"
    command_line.main(["--results", str(tmp_path), "--out", str(out)])
    text = out.read_text()
    assert "jax: −log p 90.00" in text and "−log p ≤ 90.8: **holds** |" in text
    assert text != published.PAGE.read_text()
