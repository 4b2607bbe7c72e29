"""The study of convolutions to twice the size, on small layers."""

import numpy as np
import pytest

from benchmarks.studies import lowering
from benchmarks.studies.lowering import Layer
from export.direct.passes import phases

pytestmark = pytest.mark.once


def test_a_page_has_a_row_for_each_layer_and_generator(monkeypatch):
    layers = Layer("enlarged", 2, 2, 3), Layer("enlarged", 64, 32, 3), Layer("transposed", 2, 2, 4)
    generators = {"wgan_gp": {"network": "resnet", "network_options": {"width": 64}}}
    monkeypatch.setattr(lowering, "LAYERS", layers)
    monkeypatch.setattr(lowering, "SIZES", (2,))
    monkeypatch.setattr(lowering, "BATCHES", (1,))
    monkeypatch.setattr(lowering, "SECONDS", 1e-4)
    monkeypatch.setattr(lowering, "GENERATORS", generators)
    rules = phases.ENLARGED, phases.TRANSPOSED
    page = lowering.page(rounds=1)
    rows = [line for line in page.splitlines() if line.startswith(("| enl", "| tra", "| wgan"))]
    assert [row.split(" | ")[4] for row in rows[:3]] == ["no", "yes", "no"]
    assert all(float(row.split(" | ")[-1].rstrip(" |")) > 0 for row in rows)
    assert len(rows) == 4
    assert (phases.ENLARGED, phases.TRANSPOSED) == rules


def test_a_network_without_such_layers_is_rejected():
    network = lowering.layer_network(Layer("enlarged", 2, 2, 3))
    rules = phases.ENLARGED, phases.TRANSPOSED
    with pytest.raises(ValueError, match="rules split a layer"):
        lowering.ratio(network, rules, {"map": np.zeros((1, 2, 2, 2), "float32")}, 1)
