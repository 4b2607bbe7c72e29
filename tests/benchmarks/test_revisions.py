"""Two revisions, by the fastest rounds of several runs."""

import pytest

from benchmarks.records.schema import Timing
from benchmarks.studies.revisions import fastest, page, ratios, slowest
from tests.benchmarks.rows import made_up_run, write_rows

pytestmark = pytest.mark.once


def timing(subject, rounds):
    return Timing(
        model="vae",
        workload="sample",
        batch=1,
        subject=subject,
        load=0.0,
        first=1.0,
        calls=1,
        best=min(rounds),
        rounds=rounds,
    )


def test_the_fastest_round_of_all_runs_counts():
    key = ("vae", "sample", "jax-jit", 1)
    before = fastest([[timing("jax-jit", [4.0, 3.0])], [timing("jax-jit", [2.0, 9.0])]])
    after = fastest([[timing("jax-jit", [3.0, 5.0]), timing("torch-eager", [1.0])]])
    assert before == {key: 2.0}
    assert ratios(before, after) == {key: 1.5}
    assert slowest({key: 1.5}, before)[-1] == "| vae sample | jax-jit | 1 | 2e+03 | 1.50 |"


def test_a_planted_regression_is_on_the_page(tmp_path):
    paths = [tmp_path / "before.jsonl", tmp_path / "after.jsonl"]
    write_rows(paths[0], ("all", made_up_run()))
    write_rows(paths[1], ("all", made_up_run(factors={"jax-jit": 1.5})))
    text = page(paths[:1], paths[1:])
    assert any(
        line.startswith("| jax-jit | uses") and "| 1.50 |" in line for line in text.splitlines()
    )
