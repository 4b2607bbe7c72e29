"""Messages where a run is continued under other conditions."""

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.records.differences import check_same

pytestmark = pytest.mark.once

BEFORE = {
    "commit": "1234",
    "versions": {"jax": "1", "numpy": "2"},
    "plan": {"models": ["vae", "gan"], "rounds": 11, "batches": [1, 8]},
}


def message(**changes):
    with pytest.raises(BenchmarkError) as caught:
        check_same(BEFORE, BEFORE | changes, "run.jsonl")
    return str(caught.value)


def test_same_conditions_are_accepted():
    check_same(BEFORE, dict(BEFORE), "run.jsonl")


@pytest.mark.parametrize(
    ("plan", "received", "accepted"),
    [
        ({"rounds": 2}, "rounds=2", "rounds=11"),
        ({"models": ["vae", "cgan"]}, "models with cgan and without gan", "models with gan and"),
        ({"models": ["vae"]}, "models without gan", "models with gan"),
        ({"batches": [8, 1]}, "batches=8 1", "batches=1 8"),
    ],
)
def test_of_a_plan_only_what_differs_is_named(plan, received, accepted):
    text = message(plan=BEFORE["plan"] | plan)
    assert "another plan. " in text
    assert f"Received: {received}. Accepted: {accepted}" in text
    unchanged = {"models", "rounds", "batches"} - set(plan)
    assert not [name for name in unchanged if name in text]


def test_every_difference_is_named():
    text = message(commit="5678", versions={"jax": "1", "torch": "3"})
    assert "another commit and versions. " in text
    assert "Received: commit=5678; no numpy, torch=3. " in text
    assert "Accepted: commit=1234; numpy=2, no torch; " in text
