"""Every way of calling a backend gives what the layers give, for each batch size."""

import keras
import numpy as np
import pytest

from benchmarks.native import compiled
from benchmarks.subjects.plain_keras import Trained
from tests import tiny
from tests.tolerances import CERTIFICATE

MODES = {
    "jax": ["jit", "export"],
    "tensorflow": ["function", "xla", "lite"],
    "torch": ["eager", "recorded"],
}


@pytest.mark.parametrize("mode", MODES[keras.config.backend()])
def test_every_mode_computes_the_function(mode, monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    layer = keras.layers.Dense(3)
    layer.build((None, 4))

    def function(inputs):
        return {"out": layer(inputs["data"])}

    call = compiled(function, layer.variables, mode)
    for batch in (2, 5, 2):
        data = np.random.default_rng(batch).standard_normal((batch, 4)).astype("float32")
        expected = data @ keras.ops.convert_to_numpy(layer.kernel)
        CERTIFICATE.check(call({"data": data})["out"], expected, name=mode)


def test_keras_trains_on_the_loss_of_the_model():
    model = tiny.create("vae")
    trained = Trained(model)
    trained.compile(optimizer=keras.optimizers.SGD(0.0))
    rng = np.random.default_rng(0)
    batch = {
        "data": rng.random((3, *model.shape), dtype="float32"),
        "epsilon": model.noise["epsilon"].draw(rng, 3),
    }
    placed = {name: keras.ops.convert_to_tensor(array) for name, array in batch.items()}
    expected = float(keras.ops.convert_to_numpy(model.phases[0].loss(placed, True)["loss"]))
    assert trained.train_on_batch(batch) == pytest.approx(expected, rel=1e-5)
