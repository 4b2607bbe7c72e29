"""The same seed gives the same run on every backend, also across backends.

Trained in float64, where only the order of sums differs: what agrees to a billionth does the same.
`python -m tests.parity` shows float32 as well.
"""

import importlib.util

import pytest

from tests import parity
from tests.tolerances import GELU_FLOAT64, PARITY_FLOAT64, Tolerance
from tests.turns import every

pytestmark = pytest.mark.once
CASES = parity.cases()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    missing = [name for name in parity.BACKENDS if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"parity needs every backend; not installed: {', '.join(missing)}")
    return parity.run_all(tmp_path_factory.mktemp("parity"), ("float64",))["float64"]


@pytest.mark.parametrize("case", CASES)
def test_losses_agree_after_thirty_updates(case, found):
    rows = [row for row in parity.differences(found, "float64") if row.case == case]
    assert rows
    for row in rows:
        difference = f"{row.log} on {row.backend}: {row.relative:.1e}"
        assert row.relative <= PARITY_FLOAT64.relative, difference


@pytest.mark.parametrize("case", CASES)
def test_a_run_resumed_on_another_backend_ends_as_the_uninterrupted_one(case, found):
    expected = found[parity.BACKENDS[0]][case]["losses"]
    resumed = {
        f"{other} on {backend}": losses
        for backend in parity.BACKENDS
        for other, losses in found[backend][case]["resumed"].items()
    }
    # Two backends go on from one before them each, the last one from either in turn; or from all.
    assert len(resumed) == (3 if every() else 2)
    for where, losses in resumed.items():
        assert losses.keys() == expected.keys()
        for log, value in losses.items():
            PARITY_FLOAT64.check(value, expected[log], name=f"{log} of {where}")


def test_logs_of_zero_agree_with_zero_alone():
    logs = [parity.Difference("vae", "accuracy", "torch", value, 0.0) for value in (0.0, 1e-12)]
    assert [log.relative <= PARITY_FLOAT64.relative for log in logs] == [True, False]


def uses_gelu(case):
    layers = (layer for part in parity.create(case).parts().values() for layer in part.layers)
    activations = (getattr(layer, "activation", None) for layer in layers)
    return any(getattr(activation, "__name__", "") == "gelu" for activation in activations)


@pytest.mark.parametrize("case", CASES)
def test_a_model_saved_on_one_backend_computes_the_same_on_another(case, found):
    same = Tolerance(absolute=PARITY_FLOAT64.relative, relative=PARITY_FLOAT64.relative)
    same = GELU_FLOAT64 if uses_gelu(case) else same
    for backend in parity.BACKENDS:
        for other, outputs in found[backend][case]["loaded"].items():
            for output, value in found[other][case]["used"].items():
                same.check(outputs[output], value, name=f"{output} of {other} on {backend}")
