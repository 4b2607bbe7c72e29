"""Priors on the command line: fitted before sampling and export, from a run alone."""

import json

import numpy as np
import pytest

from zoo.cli.prior import NAMES
from zoo.priors import KINDS

pytestmark = pytest.mark.once


def test_the_parser_knows_every_kind():
    assert list(KINDS) == list(NAMES)


def test_a_bundle_draws_from_the_prior_that_it_was_exported_with(zoo, vae_run, tmp_path):
    prior = ("--prior", "mixture", "--components", 2)
    made = tmp_path / "run.npy", tmp_path / "bundle.npy", tmp_path / "own.npy"
    code, _, err = zoo("sample", vae_run, *prior, "-n", 5, "--seed", 3, "--out", made[0])
    assert code == 0
    assert "fitted the prior mixture (components 2) to codes of 1500 rows in" in err
    bundle = tmp_path / "bundle"
    done = zoo("export", vae_run, *prior, "--out", bundle, "--certify", "quick")
    assert done.code == 0, done.err
    assert zoo("sample", bundle, "-n", 5, "--seed", 3, "--out", made[1]).code == 0
    assert zoo("sample", vae_run, "-n", 5, "--seed", 3, "--out", made[2]).code == 0
    first, second, own = map(np.load, made)
    np.testing.assert_allclose(second, first, atol=1e-5)
    assert np.abs(own - first).max() > 0.01
    certified = json.loads((bundle / "certificate.json").read_text())["parts"]
    assert certified["code_prior"]["passed"]
    card = (bundle / "README.md").read_text()
    assert "| kind | `mixture` |" in card and "Codes are drawn from normal" in card


def test_evaluation_reports_the_likelihood_under_a_prior(zoo, vae_run):
    words = ("evaluate", vae_run, "--metrics", "likelihood", "--json")
    found = {}
    for kind in (None, "normal", "mixture"):
        prior = () if kind is None else ("--prior", kind)
        done = zoo(*words, *prior)
        assert done.code == 0, done.err
        (score,) = json.loads(done.out)["scores"]
        found[kind] = score["value"]
    assert found["normal"] == pytest.approx(found[None], rel=1e-5)
    assert found["mixture"] != pytest.approx(found[None], rel=1e-4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["vae/digits", "--prior", "flows"], "invalid choice: 'flows'"),
        (["vae/digits", "--components", "3"], "--components is of a prior"),
        (["vae/digits", "--data", "digits"], "--data is of what a prior is fitted to"),
        (["vae/digits", "--label", "3"], "--label is of what a prior is fitted to"),
        (["vq_vae/digits", "--prior", "flow"], "is for continuous codes"),
    ],
)
def test_what_is_no_prior_is_refused(zoo, words, message, tmp_path):
    code, _, err = zoo("sample", *words, "--out", tmp_path / "out.png")
    assert code == 2 and message in err


def test_a_bundle_has_the_prior_that_it_was_exported_with(zoo, vae_bundle, tmp_path):
    code, _, err = zoo("sample", vae_bundle, "--prior", "flow", "--out", tmp_path / "out.png")
    assert code == 2 and "zoo export RUN --prior KIND" in err
