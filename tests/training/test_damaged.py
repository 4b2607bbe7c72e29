"""Runs whose files hold what they should not, and what killed processes leave behind."""

import json
import shutil
import zipfile

import numpy as np
import pytest

import zoo
from tests.arrays import array
from tests.tolerances import EXACT
from tests.training import small
from zoo.errors import RunError
from zoo.training.run_folder import RunFolder
from zoo.training.step import all_variables

pytestmark = pytest.mark.once

FIT = {"batch_size": 16, "verbose": 0}


def fit(path, steps, name="Plain", **options):
    model = small.MODELS[name]()
    model.fit(small.data(), steps=steps, run=RunFolder(path, samples=False), **FIT, **options)
    return model


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    fit(path, 4)
    fit(path, 5, resume=True)
    return path


@pytest.fixture
def run(finished, tmp_path):
    """A run of five steps with the checkpoints of the steps 4 and 5."""
    path = tmp_path / "run"
    shutil.copytree(finished, path)
    return path


def newest(run):
    return sorted((run / "checkpoints").iterdir())[-1]


def change_checkpoint(path, **changes):
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    for name, value in changes.items():
        arrays.pop(name.removeprefix("a"), None)
        if value is not None:
            arrays[name.removeprefix("a")] = value
    with path.open("wb") as file:
        np.savez(file, **arrays)


def as_json(value):
    return np.frombuffer(json.dumps(value).encode(), "uint8")


def check_ends_as_the_straight_run(model, steps):
    straight = small.Plain()
    straight.fit(small.data(), steps=steps, **FIT)
    for variable, wanted in zip(all_variables(model), all_variables(straight), strict=True):
        EXACT.check(array(variable), array(wanted), name=variable.path)


GOOD = {"step": 5, "sums": {}, "counts": {}, "start": 0}


@pytest.mark.parametrize(
    "changes",
    [
        {"progress": None},
        {"progress": as_json([1, 2])},
        {"progress": as_json("step")},
        {"progress": as_json(GOOD | {"step": "five"})},
        {"progress": as_json(GOOD | {"step": -1})},
        {"progress": as_json(GOOD | {"sums": 3})},
        {"progress": as_json(GOOD | {"sums": {"loss": 1.0}, "counts": {"loss": 0}})},
        {"progress": as_json({"step": 5})},
        {"progress": as_json(GOOD | {"extra": 1})},
        {"progress": np.float32(1)},
        {"a00000": None},
        {"a00000": np.array(["text"])},
        {"a00000": np.zeros((1, 2, 3), "float32")},
        {"a99999": np.zeros(1, "float32")},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_checkpoint_of_wrong_contents_is_named_and_the_one_before_is_used(run, changes):
    change_checkpoint(newest(run), **changes)
    with pytest.warns(UserWarning, match=newest(run).name):
        model = fit(run, 6, resume=True)
    check_ends_as_the_straight_run(model, 6)


@pytest.mark.parametrize("name", ["00003.npy", "progress.npy"])
def test_a_checkpoint_whose_member_is_no_array_is_named(run, name):
    with zipfile.ZipFile(newest(run)) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    with zipfile.ZipFile(newest(run), "w") as archive:
        for member, content in members.items():
            archive.writestr(member, b"no array" if member == name else content)
    with pytest.warns(UserWarning, match=newest(run).name):
        model = fit(run, 6, resume=True)
    check_ends_as_the_straight_run(model, 6)


def test_a_run_whose_checkpoints_have_all_wrong_contents_is_refused(run):
    for path in (run / "checkpoints").iterdir():
        change_checkpoint(path, progress=None)
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(RunError, match="No checkpoint"),
    ):
        fit(run, 6, resume=True)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("model", 5),
        ("model.class", ["VAE"]),
        ("model.settings", "none"),
        ("training", []),
        ("training.batch_size", "16"),
        ("training.seed", None),
        ("training.steps", 1.5),
        ("data", None),
        ("data.shape", 6),
        ("data.hash", 0),
        ("versions", "1"),
        ("name", 3),
        ("source", "here"),
        ("class_names", "abc"),
    ],
)
def test_a_description_of_wrong_types_is_refused_by_name(run, entry, value):
    path = run / "run.json"
    record = json.loads(path.read_text())
    *parents, last = entry.split(".")
    inner = record
    for name in parents:
        inner = inner[name]
    inner[last] = value
    path.write_text(json.dumps(record))
    for options in ({"resume": True}, {"overwrite": True}):
        with pytest.raises(RunError, match=f"not a run's: {entry} is "):
            fit(run, 6, **options)
    (run / "model.keras").unlink(missing_ok=True)
    with pytest.raises(RunError, match=f"{entry} is "):
        zoo.load(run)


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", '"run"', "[" * 100_000, "\x00"])
def test_a_description_that_is_none_is_refused(run, content):
    (run / "run.json").write_text(content)
    with pytest.raises(RunError, match=r"run\.json"):
        fit(run, 6, resume=True)


def test_junk_in_the_log_is_dropped_and_blocks_nothing(run):
    log = run / "log.jsonl"
    before = log.read_text().splitlines()
    junk = ["", "[1, 2]", "7", '"step"', '{"step": "4"}', '{"epoch": 1}', "{", "\x00\x01"]
    log.write_text("\n".join([*junk, *before, *junk, '{"epoch": 2, "st']) + "\n")
    with log.open("ab") as file:
        file.write(b"\xff\xfe\n")
    model = fit(run, 6, resume=True)
    check_ends_as_the_straight_run(model, 6)
    after = log.read_text().splitlines()
    assert after[: len(before)] == before
    assert [json.loads(line)["step"] for line in after[len(before) :]] == [6]


def test_a_model_of_settings_that_do_not_fit_is_refused(tmp_path):
    data = np.random.default_rng(0).integers(0, 255, (32, 8, 8, 1), dtype=np.uint8)
    model = zoo.create("shallow_autoencoder", shape=(8, 8, 1))
    model.fit(data, steps=1, run=RunFolder(tmp_path / "run", samples=False), **FIT)
    (tmp_path / "run/model.keras").unlink()
    path = tmp_path / "run/run.json"
    record = json.loads(path.read_text())
    for name, value in {"shape": "abc", "latent_dim": {}, "nosuch": 3}.items():
        settings = record["model"]["settings"] | {name: value}
        path.write_text(json.dumps(record | {"model": record["model"] | {"settings": settings}}))
        with pytest.raises(RunError, match="settings"):
            zoo.load(tmp_path / "run")


def test_files_that_a_killed_process_was_writing_are_removed_and_others_are_not(run):
    torn = [
        run / ".model.0123abcd.keras",
        run / ".run.0123abcd.json",
        run / ".log.0123abcd.jsonl",
        run / "checkpoints/.step-000000006.0123abcd.npz",
    ]
    for path in torn:
        path.write_bytes(b"torn")
    fit(run, 1, overwrite=True)
    assert not any(path.exists() for path in torn)
    mine = run / ".thesis.0123abcd.tex"
    mine.write_text("irreplaceable")
    with pytest.raises(RunError, match="also holds .thesis"):
        fit(run, 1, overwrite=True)
    assert mine.exists()


class Killed(BaseException):
    """Nothing catches it, and nothing is cleaned up after it."""


def killed_overwriting(run, monkeypatch, at, after=2):
    """Leaves what a process that was killed while it replaced a run leaves."""
    from pathlib import Path

    from zoo.training import run_folder

    rename, moves = Path.rename, []

    def counted(self, target):
        if at == "moving" and len(moves) == after:
            raise Killed
        moves.append(target)
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "release", lambda self: self._lock.release())
        patched.setattr(Path, "rename", counted)
        if at == "record":
            patched.setattr(run_folder, "describe_run", lambda *_: (_ for _ in ()).throw(Killed))
        if at == "training":
            patched.setattr(RunFolder, "begin_epoch", lambda self: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            fit(run, 9, overwrite=True)


def contents(run):
    return {p.relative_to(run): p.read_bytes() for p in run.rglob("*") if p.is_file()}


@pytest.mark.parametrize("at", ["moving", "record", "training"])
def test_a_run_set_aside_by_a_killed_process_is_back_when_the_folder_is_opened(
    run, monkeypatch, at
):
    before = contents(run)
    killed_overwriting(run, monkeypatch, at)
    assert contents(run) != before
    assert len(list(run.parent.glob(".run.replaced.*"))) == 1
    with (
        pytest.warns(UserWarning, match="is back"),
        pytest.raises(RunError, match="new or empty"),
    ):
        fit(run, 6)
    assert contents(run) == before
    assert not list(run.parent.glob(".run.replaced.*"))
    check_ends_as_the_straight_run(fit(run, 6, resume=True), 6)


def test_a_run_whose_return_was_killed_too_is_back_at_last(run, monkeypatch):
    from pathlib import Path

    before = contents(run)
    killed_overwriting(run, monkeypatch, "training")
    rename, moves = Path.rename, []

    def counted(self, target):
        if len(moves) == 1:
            raise Killed
        moves.append(target)
        return rename(self, target)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(RunFolder, "release", lambda self: self._lock.release())
        patched.setattr(Path, "rename", counted)
        fit(run, 6)
    with pytest.warns(UserWarning, match="is back"):
        model = fit(run, 6, resume=True)
    assert set(before) <= set(contents(run)) | {p for p in before if "checkpoints" in p.parts}
    check_ends_as_the_straight_run(model, 6)


def test_a_run_set_aside_is_named_when_a_model_is_loaded(run, monkeypatch):
    killed_overwriting(run, monkeypatch, "record")
    with pytest.raises(RunError, match=r"\.run\.replaced\."):
        zoo.load(run)


def test_a_run_set_aside_is_removed_where_the_new_one_got_on(run, monkeypatch):
    from zoo.training.set_aside import SetAside

    with monkeypatch.context() as patched:  # Killed between the checkpoint and the removal.
        patched.setattr(RunFolder, "release", lambda self: self._lock.release())
        patched.setattr(SetAside, "drop", lambda self: None)
        fit(run, 1, overwrite=True)
    assert len(list(run.parent.glob(".run.replaced.*"))) == 1
    check_ends_as_the_straight_run(fit(run, 2, resume=True), 2)
    assert not list(run.parent.glob(".run.*"))
    obsolete = run.parent / ".run.obsolete.abc"  # Killed while it was removed.
    (obsolete / "samples").mkdir(parents=True)
    check_ends_as_the_straight_run(fit(run, 3, resume=True), 3)
    assert not obsolete.exists()


def test_a_folder_of_that_name_with_other_files_is_left_alone(run):
    mine = run.parent / ".run.replaced.mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("irreplaceable")
    with pytest.warns(UserWarning, match="not a run that was replaced"):
        fit(run, 6, resume=True)
    assert (mine / "thesis.tex").exists()


def test_a_run_killed_before_its_first_checkpoint_resumes_with_the_weights_it_began_with(
    tmp_path, monkeypatch
):
    model, straight = small.Plain(seed=3), small.Plain(seed=3)
    for weight in (*model.encoder.variables, *straight.encoder.variables):
        weight.assign(array(weight) * 0.5)  # Weights that come from elsewhere.
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(RunFolder, "begin_epoch", lambda self: (_ for _ in ()).throw(Killed))
        model.fit(small.data(), steps=3, run=RunFolder(tmp_path / "run", samples=False), **FIT)
    fresh = small.Plain(seed=3)
    run = RunFolder(tmp_path / "run", samples=False)
    fresh.fit(small.data(), steps=3, run=run, resume=True, **FIT)
    straight.fit(small.data(), steps=3, **FIT)
    for variable, wanted in zip(all_variables(fresh), all_variables(straight), strict=True):
        EXACT.check(array(variable), array(wanted), name=variable.path)


def test_a_picture_that_cannot_be_drawn_is_a_warning(tmp_path, monkeypatch):
    from zoo.training import run_folder

    def fail(*_):
        raise ValueError("no such picture")

    monkeypatch.setattr(run_folder, "save_picture", fail)
    model = small.Plain()
    with pytest.warns(UserWarning, match="Pictures cannot be drawn: no such picture"):
        model.fit(small.data(), epochs=2, run=tmp_path / "run", **FIT)
    assert (tmp_path / "run/model.keras").exists()


def test_a_run_is_saved_every_so_many_steps(tmp_path, monkeypatch):
    from zoo.training import run_folder

    drawn = []
    monkeypatch.setattr(run_folder, "save_picture", lambda m, d, path: drawn.append(path.name))
    model, straight = small.Balanced(), small.Balanced()
    data = np.tile(small.data(), (3, 1))  # Nine steps an epoch.
    straight.fit(data, epochs=2, **FIT)
    saved = []
    checkpoint = RunFolder.checkpoint

    def noted(self, progress):
        saved.append(progress.step)
        checkpoint(self, progress)

    monkeypatch.setattr(RunFolder, "checkpoint", noted)
    model.fit(data, epochs=2, run=RunFolder(tmp_path / "run", every=4), **FIT)
    assert saved == [4, 8, 9, 12, 16, 18, 18]
    assert drawn == [
        "step-000000004.png",
        "step-000000008.png",
        "epoch-0001.png",
        "step-000000012.png",
        "step-000000016.png",
        "epoch-0002.png",
    ]
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [(line["epoch"], line["step"]) for line in lines] == [
        (1, 4),
        (1, 8),
        (1, 9),
        (2, 12),
        (2, 16),
        (2, 18),
    ]
    for variable, wanted in zip(all_variables(model), all_variables(straight), strict=True):
        EXACT.check(array(variable), array(wanted), name=variable.path)


def test_a_run_resumes_with_another_learning_rate(tmp_path):
    data = np.random.default_rng(0).integers(0, 255, (32, 8, 8, 1), dtype=np.uint8)
    run = RunFolder(tmp_path / "run", samples=False)

    def rate(model):
        return float(array(model.optimizer.learning_rate))

    zoo.create("shallow_autoencoder", shape=(8, 8, 1), learning_rate=0.01).fit(
        data, steps=2, run=run, **FIT
    )
    model = zoo.create("shallow_autoencoder", shape=(8, 8, 1), learning_rate=0.005)
    model.fit(data, steps=3, run=run, resume=True, **FIT)
    assert rate(model) == pytest.approx(0.005)
    assert int(model.steps) == 3
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert record["model"]["settings"]["learning_rate"] == 0.005
    again = zoo.create("shallow_autoencoder", shape=(8, 8, 1), learning_rate=0.005)
    again.fit(data, steps=3, run=run, resume=True, **FIT)
    assert rate(again) == pytest.approx(0.005)


def test_the_command_resumes_a_run_that_is_back_in_its_own_words(tmp_path, monkeypatch, capsys):
    """Killed while it was replaced by one of other settings."""
    from zoo.cli import main

    run = tmp_path / "run"
    np.save(tmp_path / "data.npy", np.zeros((16, 8, 8, 1), "uint8"))
    words = ["train", "vae", "--data", str(tmp_path / "data.npy"), "--out", str(run), "--quiet"]
    words += ["--set", "network=mlp", "network_options.width=4", "latent_dim=2"]
    assert main([*words, "--steps", "2", "--every", "2", "--seed", "1"]) == 0
    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "release", lambda self: self._lock.release())
        patched.setattr(RunFolder, "begin_epoch", lambda self: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            main([*words, "--steps", "4", "--seed", "2", "--overwrite"])
    assert json.loads((run / "run.json").read_text())["seed"] == 2
    assert main(["train", "--resume", "--steps", "4", "--out", str(run), "--quiet"]) == 0
    assert capsys.readouterr().err.count("is back") == 1
    record = json.loads((run / "run.json").read_text())
    assert (record["seed"], record["training"]["every"]) == (1, 2)
    assert (run / "samples/step-000000004.png").exists() or (
        run / "samples/epoch-0004.png"
    ).exists()


@pytest.mark.parametrize(
    "killed_at", ["step-000000002", "epoch-0001", "step-000000004", "epoch-0002"]
)
def test_the_picture_that_a_killed_run_had_not_drawn_is_drawn(tmp_path, monkeypatch, killed_at):
    data = np.random.default_rng(0).integers(0, 255, (48, 8, 8, 1), dtype=np.uint8)
    picture = RunFolder.picture

    def killed(self, name):
        if name == killed_at:
            raise Killed
        picture(self, name)

    def run(folder, **options):
        model = zoo.create("shallow_autoencoder", shape=(8, 8, 1))
        model.fit(data, steps=5, run=RunFolder(folder, every=2), **FIT, **options)

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(RunFolder, "picture", killed)
        run(tmp_path / "killed")
    run(tmp_path / "killed", resume=True)
    run(tmp_path / "straight")
    drawn, wanted = (contents(tmp_path / name / "samples") for name in ("killed", "straight"))
    assert drawn == wanted and len(drawn) == 4


def encrypted(content):
    """An archive whose members claim to be encrypted: one bit of each header."""
    for signature, flags in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = content.find(signature)
        while at >= 0:
            content = content[: at + flags] + b"\x01" + content[at + flags + 1 :]
            at = content.find(signature, at + 4)
    return content


def test_an_archive_that_claims_to_be_encrypted_is_damaged(run):
    newest(run).write_bytes(encrypted(newest(run).read_bytes()))
    with pytest.warns(UserWarning, match=newest(run).name):
        check_ends_as_the_straight_run(fit(run, 6, resume=True), 6)
    (run / "model.keras").write_bytes(encrypted((run / "model.keras").read_bytes()))
    with pytest.raises(RunError, match="cannot be loaded"):
        zoo.load(run)
