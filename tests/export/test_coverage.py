"""Every layer and every operation of the installed Keras converts, is refused, or is no graph's."""

import numpy as np
import pytest

from export.direct import registry
from tests.export import coverage
from tests.export.direct.agreement import check


def test_every_function_of_keras_has_its_place():
    cased = {case.function for case in registry.cases()}
    places = {name: coverage.standing(name, cased) for name in coverage.functions()}
    assert [name for name, place in places.items() if place is None] == []
    assert sum(place[0] == "converts" for place in places.values()) >= 290


def test_every_layer_of_keras_has_its_place():
    assert coverage.unlisted_layers() == []


def test_the_page_is_as_it_would_be_made_now():
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page()


@pytest.mark.filterwarnings("ignore:.*requested dtype int64")  # by Keras's MixUp on JAX
@pytest.mark.parametrize("name", coverage.LAYERS)
def test_layer_agrees_with_keras(name):
    model = coverage.layer(name)
    rng = np.random.default_rng(0)
    inputs = [
        rng.integers(0, 9, (2, *x.shape[1:])).astype(x.dtype)
        if "int" in x.dtype
        else rng.uniform(0, 1, (2, *x.shape[1:])).astype("float32")
        for x in model.inputs
    ]
    check(model, *inputs)
