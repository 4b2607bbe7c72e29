"""The table of a training job by pythae and by the zoo, from made-up rounds."""

import pytest

from benchmarks.studies.beside_pythae import ARMS, page, table

pytestmark = pytest.mark.once

SECONDS = {"pythae": (6.0, 4.0), "jax": (2.0, 4.0), "tensorflow": (3.0, 5.0), "torch": (8.0, 8.0)}


def rows():
    return [
        {"round": number, "arm": arm, "seconds": SECONDS[arm][number], "weights": 1000}
        for number in range(2)
        for arm in ARMS
    ]


def test_ratios_are_of_the_fastest_rounds_and_the_median_of_those_within_rounds():
    found = {line.split("|")[1].strip(): line for line in table(rows())[2:]}
    assert found["jax"] == "| jax | 1,000 | 2.00 | 2.00 | 2.00 |"
    assert found["torch"] == "| torch | 1,000 | 8.00 | 0.50 | 0.62 |"


def test_the_page_tells_updates_and_rounds():
    text = page(rows(), 2, "folder/mnist.npz", "0.1.2")
    assert "--data mnist.npz" in text
    assert "561 updates in the zoo, 564 in pythae 0.1.2" in text
    assert "2 rounds in turn, 2 threads" in text
