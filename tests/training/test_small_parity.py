"""What phases can do, they do alike on every backend, also when a run changes the backend."""

import importlib.util

import pytest

from tests.parity import BACKENDS, apart
from tests.training import small_parity

pytestmark = pytest.mark.once
# Twelve updates of a few dozen weights: rounding alone.
RELATIVE = 1e-5


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    missing = [name for name in BACKENDS if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"parity needs every backend; not installed: {', '.join(missing)}")
    return small_parity.run_all(tmp_path_factory.mktemp("small"))


@pytest.mark.parametrize("name", ["Plain", "Scheduled", "Words", "Balanced", "Lazy", "Staged"])
def test_backends_agree_straight_and_resumed(name, found):
    expected = found[BACKENDS[0]][name]["straight"]
    ways = [(backend, way) for backend in BACKENDS for way in found[backend][name]]
    assert len(ways) == 3 + 1 + 2 + 3  # Each goes on from those that ran before it.
    for backend, way in ways:
        for log, value in found[backend][name][way].items():
            difference = apart(value, expected[log])
            print(f"{name} {backend} {way} {log}: {difference:.1e}")
            assert difference <= RELATIVE, f"{log} on {backend} ({way}): {difference:.1e}"
