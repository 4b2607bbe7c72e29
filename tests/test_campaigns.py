"""The campaigns notice what they look for."""

import json
import shutil

import numpy as np
import pytest

from tests.campaigns import changes, files, results
from tests.campaigns.damage import Case, attempt
from zoo.cli import main

pytestmark = pytest.mark.once
TINY = ["--set", "network=mlp", "network_options.width=4", "latent_dim=2"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("campaign")
    np.save(folder / "data.npy", np.random.default_rng(0).integers(0, 255, (32, 8, 8, 1), "uint8"))
    words = ["train", "vae", "--data", str(folder / "data.npy"), "--steps", "4", "--quiet"]
    assert main([*words, "--out", str(folder / "run"), *TINY]) == 0
    return folder


def spoil_log(run):
    (run / "log.jsonl").write_text("")


def spoil_weight(run):
    path = sorted((run / "checkpoints").iterdir())[-1]
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["00000"] = arrays["00000"] + np.float32(1e-6)
    with path.open("wb") as file:
        np.savez(file, **arrays)


def leave_a_file(run):
    (run / ".model.0123abcd.keras").write_text("torn")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (spoil_log, "another log.jsonl"),
        (spoil_weight, "another last checkpoint"),
        (leave_a_file, "stray file .model"),
        (lambda run: (run / "model.keras").unlink(), "missing file model.keras"),
    ],
)
def test_a_run_that_differs_is_noticed(home, tmp_path, spoil, problem):
    copy = shutil.copytree(home / "run", tmp_path / "run")
    assert files.compare_runs(copy, home / "run") == []
    spoil(copy)
    assert any(found.startswith(problem) for found in files.compare_runs(copy, home / "run"))


def test_every_file_is_damaged_in_its_bytes_and_in_its_values(home):
    found = [damage for damage, _ in changes.changes(home / "run", "run.json", 0)]
    assert found == [damage for damage, _ in changes.changes(home / "run", "run.json", 0)]
    assert {"is empty", "holds junk", "is removed", "is a folder"} <= set(found)
    assert sum(damage.startswith(changes.INSIDE) for damage in found) == changes.DRAWN
    model = [damage for damage, _ in changes.changes(home / "run", "model.keras", 0)]
    assert any("of config.json" in damage for damage in model)


def test_a_damage_is_attempted_on_a_copy(home):
    before = files.hashes(home)
    case = Case("run", "model.keras", "is empty", 0)
    ending = attempt(home, case, lambda run: (run / "model.keras").write_bytes(b"") and None)
    assert ending == ("rejected", [])
    assert files.hashes(home) == before


def test_a_command_that_touches_what_is_not_its_own_is_noticed(home, monkeypatch):
    def touch(*words):
        from pathlib import Path

        (Path(words[1]).parent / "thesis.txt").write_text("gone")
        raise ValueError("a fault")

    from tests.campaigns import damage

    def command(*words):
        try:
            touch(*words)
        except ValueError as error:
            return files.Outcome(0, str(error))

    monkeypatch.setattr(damage.files, "command", command)
    ending, problems = attempt(home, Case("run", "run.json", "", 0), lambda run: None)
    assert ending == "accepted" and problems == ["touched thesis.txt"]
    monkeypatch.setattr(damage.files, "command", lambda *_: files.Outcome(None, "", "KeyError"))
    ending, problems = attempt(home, Case("run", "run.json", "", 0), lambda run: None)
    assert ending == "tracebacks" and problems[0] == "traceback: KeyError"


def test_records_are_replaced_by_backend(tmp_path):
    path = tmp_path / "campaigns.jsonl"
    numbers = dict.fromkeys([*results.COLUMNS["kills"], *results.ALWAYS], 1)
    common = {"campaign": "kills", "problems": [], "seconds": 2, **results.conditions()}
    for backend, equal in (("jax", 3), ("torch", 4), ("jax", 5)):
        results.add(path, common | numbers | {"backend": backend, "equal": equal})
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert {record["backend"]: record["equal"] for record in kept} == {"jax": 5, "torch": 4}
    assert "| jax | 1 | 1 | 1 | 1 | 1 | 1 | 5 | 1 |" in path.with_suffix(".md").read_text()
