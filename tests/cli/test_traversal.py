"""One entry of a code changes along a row, all others stay."""

import json

import numpy as np
import pytest

from export import runtime
from tests.tolerances import CERTIFICATE, EXACT, FORMULA
from zoo.cli.traverse import traversals
from zoo.data import load_data


@pytest.fixture
def drawn(monkeypatch):
    """The images that the command would save."""
    found = []
    monkeypatch.setattr("zoo.cli.traverse.save_grid", lambda images, *_, **__: found.append(images))
    return found


@pytest.mark.once
def test_one_entry_goes_from_low_to_high_in_each_row():
    start, low, high = np.array([7.0, 8.0, 9.0]), np.array([0.0, -1.0, -2.0]), np.full(3, 1.0)
    codes = traversals(start, low, high, [2, 0], 3)
    rows = [[7, 8, -2], [7, 8, -0.5], [7, 8, 1], [0, 8, 9], [0.5, 8, 9], [1, 8, 9]]
    EXACT.check(codes, np.array(rows, "float32"))


def test_a_bundle_walks_along_the_entries_of_datas_codes(zoo, vae_bundle, tmp_path, drawn):
    words = ["--data", "digits", "--row", 2, "--columns", 3, "--span", 2, "--json"]
    done = zoo("traverse", vae_bundle, *words, "--out", tmp_path / "x.png")
    assert done.code == 0
    outcome = json.loads(done.out)
    session = runtime.load(vae_bundle)
    train, test = (data.batch(np.arange(len(data)), (0.0, 1.0)) for data in load_data("digits"))
    rows = np.linspace(0, len(train["data"]) - 1, 500).astype(int)
    codes = session.encode(train["data"][rows])
    mean, deviation = codes.mean(axis=0), codes.std(axis=0)
    order = np.argsort(-deviation)
    assert outcome["entries"] == order.tolist()
    FORMULA.check(outcome["deviations"], deviation[order].round(4))
    images = drawn[0].reshape(2, 3, 8, 8, 1)
    start = session.encode(test["data"][2:3])[0]
    for entry, row in zip(order, images, strict=True):
        for value, image in zip((-2, 0, 2), row, strict=True):
            code = start.copy()
            code[entry] = mean[entry] + value * deviation[entry]
            CERTIFICATE.check(image, session.decode(code[None])[0])


def test_a_generator_walks_from_the_middle_of_its_prior(zoo, cgan_run, tmp_path, drawn):
    words = ["--labels", 4, "--entries", "1", "--columns", 3, "--out", tmp_path / "x.png"]
    assert zoo("traverse", cgan_run, *words).code == 0
    from zoo import load

    codes = np.array([[0, -3], [0, 0], [0, 3]], "float32")
    CERTIFICATE.check(drawn[0], load(cgan_run).decode(codes, labels=[4, 4, 4]))


def test_what_cannot_be_traversed_is_said(zoo, vae_run, vq_vae_file, tmp_path):
    for words, message in (
        ([vq_vae_file, "--data", "digits"], "the entries of a vector of numbers. Received: "),
        ([vae_run, "--entries", "0,2"], "Entries are below 2, the length of a code. Received: 2."),
        ([vae_run, "--row", 100_000], "--row is below 297. Received: 100000."),
        ([vae_run, "--span", "0"], "'0' is not a number above 0"),
    ):
        code, _, err = zoo("traverse", *words, "--out", tmp_path / "x.png")
        assert code == 2
        assert message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())
