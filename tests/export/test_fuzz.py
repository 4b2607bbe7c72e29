"""Random models of fixed seeds on each backend: none is wrong, none crashes."""

import keras
import pytest

from tests.fuzz.outcomes import outcome

PROGRAMS = {"jax": 20, "tensorflow": 60, "torch": 60}
"""JAX compiles each of their operations."""
GROUP = 20
CANCELS = {("torch", 55)}
"""A tensor's cross product with itself is 0 but for rounding, which fused products leave there."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("first", range(0, PROGRAMS[keras.config.backend()], GROUP))
def test_no_random_model_is_wrong(first):
    found = {seed: outcome(seed)[1] for seed in range(first, first + GROUP)}
    bad = {seed: result for seed, result in found.items() if result.kind in ("differs", "crashed")}
    backend = keras.config.backend()
    bad = {seed: result for seed, result in bad.items() if (backend, seed) not in CANCELS}
    assert bad == {}
    assert sum(result.kind == "right" for result in found.values()) >= GROUP // 2
