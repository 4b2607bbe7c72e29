"""`zoo augment`: an archive that `--data` reads back, from a run and from its bundle."""

import numpy as np
import pytest

from tests.tolerances import CERTIFICATE


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from zoo.cli import main

    folder = tmp_path_factory.mktemp("augment")
    words = ["train", "vae", "--data", "digits", "--epochs", "1", "--batch-size", "256"]
    words += ["--set", "latent_dim=2", "network_options.width=4", "--quiet"]
    assert main([*words, "--out", str(folder / "run")]) == 0
    assert main(["export", str(folder / "run"), "--out", str(folder / "bundle")]) == 0
    return folder


def test_run_and_bundle_write_the_same_data_which_train_reads(zoo, run, tmp_path):
    found = {}
    for subject in ("run", "bundle"):
        out = tmp_path / f"{subject}.npz"
        words = ["--data", "digits", "--count", 70, "--seed", 3, "--out", out]
        done = zoo("augment", run / subject, *words)
        assert (done.code, done.out) == (0, f"{out}\n"), done.err
        with np.load(out) as arrays:
            found[subject] = dict(arrays)
    ours = found["run"]
    assert ours["x_train"].shape == (1570, 8, 8, 1) and ours["y_train"].shape == (1570,)
    assert ours["x_test"].shape == (297, 8, 8, 1)
    assert 0 <= ours["x_train"].min() and ours["x_train"].max() <= 1
    for name, array in found["bundle"].items():
        CERTIFICATE.check(array, ours[name], name=name)
    words = ["--data", tmp_path / "run.npz", "--steps", 2, "--out", tmp_path / "again"]
    done = zoo("train", "vae", *words, "--set", "latent_dim=2", "network_options.width=4")
    assert done.code == 0, done.err


def test_only_the_new_rows_are_written_where_that_is_asked_for(zoo, run, tmp_path):
    out = tmp_path / "new.npz"
    words = ["--count", 5, "--perturbation", "noise", "--strength", 2, "--only", "--out", out]
    assert zoo("augment", run / "run", *words).code == 0
    with np.load(out) as arrays:
        assert arrays["x_train"].shape == (5, 8, 8, 1)


@pytest.mark.parametrize("subject", ["run", "bundle"])
def test_labels_of_some_of_the_classes_stay_those_of_their_digits(zoo, run, subject, tmp_path):
    import zoo as package

    train, _ = package.load_data("digits")
    rows = np.flatnonzero(np.isin(train.labels, (3, 5)))[:40]
    some, out = tmp_path / "some.npz", tmp_path / "new.npz"
    data = train.batch(rows, (0.0, 1.0))["data"]
    np.savez(some, x_train=data, y_train=train.labels[rows], x_test=data, y_test=train.labels[rows])
    done = zoo("augment", run / subject, "--data", some, "--count", 40, "--only", "--out", out)
    assert done.code == 0, done.err
    with np.load(out) as arrays:
        np.testing.assert_array_equal(np.sort(arrays["y_train"]), np.sort(train.labels[rows]))


def test_noise_of_no_bound_is_refused(zoo, run, tmp_path):
    words = [
        "--count",
        5,
        "--perturbation",
        "noise",
        "--strength",
        "inf",
        "--out",
        tmp_path / "n.npz",
    ]
    done = zoo("augment", run / "run", *words)
    assert done.code == 2 and "is from 0, and finite. Received: inf." in done.err
    assert not (tmp_path / "n.npz").exists()


def test_a_strength_beyond_its_bounds_is_refused(zoo, run, tmp_path):
    out = tmp_path / "new.npz"
    done = zoo("augment", run / "run", "--count", 5, "--strength", 2, "--out", out)
    assert done.code == 2 and "--strength of interpolation is from 0 to 1" in done.err
