"""The models that read no images learn: tables and text beyond what trivial baselines reach."""

import numpy as np
import pytest

import zoo
from benchmarks.leaderboard.budget import sizes
from zoo.data import load_data
from zoo.data.sources.table import Table

pytestmark = pytest.mark.once

BETTER = 0.7
"""The share of the baseline's error that a model has to come below."""
TOWNS = {"Bern": 60.0, "Oslo": 35.0, "Rome": 45.0}


def settings(name, data):
    """Widths of eight times the tiny sizes, all other sizes of four times."""
    row = zoo.describe(name)
    return sizes(row, width_factor=8, size_factor=4) | row.load().facts(data)


def people(path, count=2000):
    """A table in which the town decides the age, and the age the income."""
    rng = np.random.default_rng(0)
    towns = rng.choice(list(TOWNS), count)
    ages = [round(TOWNS[town] + 4 * rng.normal()) for town in towns]
    incomes = [1000.0 * age + 2000 * rng.normal() for age in ages]
    rows = (f"{a},{t},{i:.2f}" for a, t, i in zip(ages, towns, incomes, strict=True))
    path.write_text("\n".join(["age,town,income", *rows]) + "\n")
    return load_data(path)[0].split(0.2)


def test_a_table_is_rebuilt_and_its_columns_go_together_in_samples(tmp_path):
    train, held_out = people(tmp_path / "people.csv")
    options = settings("table_vae", train) | {"learning_rate": 1e-2}
    model = zoo.create("table_vae", **options)
    model.fit(train, steps=400, batch_size=100, verbose=0)
    real, made = held_out.samples, model.reconstruct(held_out)
    errors = np.abs(made - real)[:, :2].mean(axis=0)
    shares = errors / np.abs(real - np.median(train.samples, axis=0))[:, :2].mean(axis=0)
    assert (shares < BETTER).all(), f"numbers: {shares} of the medians' errors"
    wrong = np.mean(made[:, 2:].argmax(axis=1) != real[:, 2:].argmax(axis=1))
    mode = 1 - real[:, 2 + train.samples[:, 2:].sum(axis=0).argmax()].mean()
    assert wrong < BETTER * mode, f"towns: {wrong:.2f} wrong, {mode:.2f} by the mode"
    samples = model.sample(1000, seed=0)
    assert np.corrcoef(samples[:, 0], samples[:, 1])[0, 1] > 0.8
    cells = Table.from_config(model.schema).decode(samples)
    ages = np.array(cells["age"], float)
    means = {town: ages[np.array(cells["town"]) == town].mean() for town in TOWNS}
    assert means["Oslo"] + 3 < means["Rome"] < means["Bern"] - 3, means


def test_a_gan_of_tables_learns_how_columns_go_together(tmp_path):
    train, _ = people(tmp_path / "people.csv")
    options = settings("table_gan", train) | {"learning_rate": 2e-3, "modes": 4}
    model = zoo.create("table_gan", **options | {"network_options": {"width": 64}})
    model.fit(train, steps=500, batch_size=200, verbose=0)
    means = {}
    for number, town in enumerate(TOWNS):
        rows = model.use("sample_given", category=np.full(200, number, "int32"))["data"]
        assert np.mean(rows[:, 2:].argmax(axis=1) == number) > 0.9, town
        means[town] = rows[:, 0].mean()
    assert means["Oslo"] + 3 < means["Rome"] < means["Bern"] - 3, means
    samples = model.sample(1000)
    assert np.corrcoef(samples[:, 0], samples[:, 1])[0, 1] > 0.5
    shares = samples[:, 2:].mean(axis=0)
    assert np.abs(shares - train.samples[:, 2:].mean(axis=0)).max() < 0.1, shares


def test_a_texts_perplexity_is_below_the_unigrams(tmp_path):
    rng = np.random.default_rng(0)
    words = [["a", "the", "one"], ["dog", "cat", "child"], ["sees", "likes"], ["me", "you", "it"]]
    lines = [" ".join(rng.choice(part) for part in words) for _ in range(600)]
    (tmp_path / "lines.txt").write_text("\n".join(lines))
    data, _ = load_data(tmp_path / "lines.txt", tokens="words", lines=True, length=6)
    train, held_out = data.split(0.2)
    options = settings("text_vae", train) | {"learning_rate": 1e-2, "warm_up": 100}
    model = zoo.create("text_vae", **options)
    model.fit(train, steps=200, batch_size=50, verbose=0)
    counted = train.samples[:, :5]  # four words and an end
    shares = np.bincount(counted.ravel(), minlength=model.vocabulary_size) / counted.size
    unigram = np.exp(-np.log(shares[held_out.samples[:, :5]]).mean())
    found = model.evaluate(held_out)["perplexity"]
    assert found < BETTER * unigram, f"{found:.2f}, the unigram's is {unigram:.2f}"
    text = [[model.vocabulary[i] for i in row[:4]] for row in model.sample(100)]
    right = np.mean([all(w in part for w, part in zip(row, words, strict=True)) for row in text])
    assert right > 0.8, f"{right:.0%} of the samples are sentences"
