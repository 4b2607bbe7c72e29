"""Every model reads any shape of the kinds that it accepts, and refuses the others by name."""

import numpy as np
import pytest

import zoo
from tests import tiny
from tests.turns import in_turn
from zoo.errors import ModelError

SHAPES = [(5,), (16, 2), (8, 8, 1), (9, 7, 3)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", in_turn(zoo.list_models()))
def test_every_shape_is_built_or_refused(name, shape):
    if not tiny.accepts(name, shape):
        with pytest.raises(
            ModelError,
            match=f"the kind .*Received: shape={shape}".replace("(", r"\(").replace(")", r"\)"),
        ):
            tiny.create(name, shape=shape)
        return
    model = tiny.create(name, shape=shape)
    parts = model.parts()
    for part in parts.values():
        for port in (part.input, part.output):
            if "data" in port:
                assert tuple(port["data"].shape[1:]) == shape
    known = ("reconstruct", "sample", "inpaint", "translate", "upscale")
    name = next(n for n in known if n in model.table())
    (made,) = model.use(name, count=2, **tiny.inputs(model, name, 2)).values()
    assert made.shape == (2, *shape) and np.isfinite(made).all()


@pytest.mark.parametrize("name", ["vae", "wgan_gp"])
def test_vectors_without_bounds_train(name):
    train, _ = zoo.load_data("ring")
    model = tiny.create(name, shape=(2,), value_range=None)
    history = model.fit(train, steps=3, batch_size=32, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert model.sample(4).shape == (4, 2)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((8, 8, 1, 1), "shape is .*Received: shape="),
        ((), "shape is .*Received: shape="),
        ((0, 8, 1), "shape is .*at least 1. Received: "),
        (8, r"shape is \(a whole number, …\).*Received: 8"),
        ("abc", "shape is .*Received: 'abc'"),
        ((2.5, 8, 1), "shape is .*Received: "),
        ((2, 2, 1), "at least 4"),
    ],
)
def test_a_shape_of_no_kind_is_refused(shape, message):
    with pytest.raises(ModelError, match=message):
        tiny.create("vae", shape=shape)
