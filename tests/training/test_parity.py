"""The same seed gives the same run on every backend, also across backends."""

import importlib.util

import numpy as np
import pytest

import zoo
from tests import parity
from tests.tolerances import FORWARD, PARITY

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    missing = [name for name in parity.BACKENDS if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"parity needs every backend; not installed: {', '.join(missing)}")
    return parity.run_all(tmp_path_factory.mktemp("parity"))


@pytest.mark.parametrize("name", zoo.list_models())
def test_losses_agree_after_thirty_updates(name, found):
    rows = [row for row in parity.differences(found) if row[0] == name]
    assert rows
    for _, log, backend, difference in rows:
        assert difference <= PARITY.relative, f"{log} on {backend}: {difference:.1e}"


@pytest.mark.parametrize("name", zoo.list_models())
def test_a_run_resumed_on_another_backend_ends_as_the_uninterrupted_one(name, found):
    expected = found[parity.BACKENDS[0]][name]["losses"]
    resumed = found[parity.BACKENDS[-1]][name]["resumed"]
    assert set(resumed) == set(parity.BACKENDS)
    for backend, losses in resumed.items():
        for log, value in losses.items():
            assert parity.apart(value, expected[log]) <= PARITY.relative, f"{log} from {backend}"


@pytest.mark.parametrize("name", zoo.list_models())
def test_a_model_saved_on_one_backend_computes_the_same_on_another(name, found):
    own = found["jax"][name]["loaded"]["jax"]
    there = found["tensorflow"][name]["loaded"]["jax"]
    for part, outputs in own.items():
        for output, value in outputs.items():
            if output == "codes":
                np.testing.assert_array_equal(there[part][output], value)
            else:
                FORWARD.check(there[part][output], value, name=f"{part} {output}")
