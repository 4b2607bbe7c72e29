"""Networks saved by themselves: in plain Keras, in older files, on this backend."""

import json
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.arrays import array
from tests.tolerances import EXACT, FORMULA
from tests.turns import in_turn
from zoo.errors import RunError
from zoo.registry.classes import load_class
from zoo.training.loading import FORMER_LAYERS, copy_weights, load_network

PLAIN = """
import sys
sys.modules["zoo"] = None  # an import of it fails
import keras, numpy as np
network = keras.saving.load_model("encoder.keras")
data = np.load("data.npy")
answer = network(keras.tree.map_structure(lambda _: data, network.input), training=False)
np.save("answer.npy", keras.ops.convert_to_numpy(keras.tree.flatten(answer)[0]))
"""


def answers(network, batch):
    """The outputs of a network, one after another."""
    inputs = keras.tree.map_structure(lambda tensor: batch[tensor.name], network.input)
    return [array(value) for value in keras.tree.flatten(network(inputs, training=False))]


@pytest.mark.parametrize("name", ["conv_autoencoder", "vae"])
def test_a_part_of_keras_layers_opens_without_the_zoo(name, tmp_path):
    encoder = tiny.create(name).encoder
    encoder.save(tmp_path / "encoder.keras")
    data = np.random.default_rng(0).normal(size=(2, *tiny.SHAPE)).astype("float32")
    np.save(tmp_path / "data.npy", data)
    # `-I` keeps the working directory and PYTHONPATH off the import path.
    subprocess.run([sys.executable, "-I", "-c", PLAIN], cwd=tmp_path, check=True)
    FORMULA.check(np.load(tmp_path / "answer.npy"), answers(encoder, {"data": data})[0])


@pytest.mark.parametrize("name", in_turn(zoo.list_models()))
def test_every_part_is_loaded_as_it_was_saved(name, tmp_path):
    model = tiny.create(name)
    for part_name, part in model.parts().items():
        part.save(tmp_path / "part.keras")
        batch = tiny.part_inputs(part, 3)
        found = answers(load_network(tmp_path / "part.keras"), batch)
        for value, reference in zip(found, answers(part, batch), strict=True):
            EXACT.check(value, reference, name=part_name)


def test_files_that_name_the_former_layers_still_load(tmp_path):
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    x = keras.layers.MaxPooling2D(2, padding="same")(x)
    x = keras.layers.Conv2DTranspose(3, 3, strides=2, padding="same")(x)
    x = keras.layers.Reshape((-1, 3))(x)
    x = keras.layers.Conv1DTranspose(4, 3, strides=2)(keras.layers.Conv1D(5, 3)(x))
    network = keras.Model(inputs, keras.layers.MaxPooling1D(2)(x))
    network.save(tmp_path / "network.keras")
    rename(tmp_path / "network.keras", tmp_path / "former.keras")
    data = np.random.default_rng(0).normal(size=(2, 8, 8, 2)).astype("float32")
    loaded = load_network(tmp_path / "former.keras")
    assert {type(layer).__name__ for layer in loaded.layers} >= set(FORMER_LAYERS)
    assert all(type(layer).__module__.startswith("keras.") for layer in loaded.layers)
    EXACT.check(array(loaded(data)), array(network(data)))


def rename(path, to):
    """Copies a `.keras` file, its layers named as before they were Keras's own."""

    def renamed(value):
        if isinstance(value, list):
            return [renamed(each) for each in value]
        if not isinstance(value, dict):
            return value
        value = {key: renamed(each) for key, each in value.items()}
        if value.get("module") == "keras.layers" and value["class_name"] in FORMER_LAYERS:
            room = "max_pooling" if "Pooling" in value["class_name"] else "convolutions"
            value["module"] = f"zoo.{room}"
            value["registered_name"] = f"genzoo>{value['class_name']}"
        return value

    with zipfile.ZipFile(path) as source, zipfile.ZipFile(to, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json":
                content = json.dumps(renamed(json.loads(content))).encode()
                assert content.count(b"genzoo>") == len(FORMER_LAYERS)
            target.writestr(name, content)


def test_what_is_no_network_is_refused(tmp_path):
    (tmp_path / "text.keras").write_text("text")
    with pytest.raises(RunError, match="cannot be loaded"):
        load_network(tmp_path / "text.keras")
    with pytest.raises(RunError, match="not found"):
        load_network(tmp_path / "absent.keras")


OWN = """
from zoo.autoencoders.vae import VAE as Base

class VAE(Base):
    beta = 3.0
"""


def test_a_class_of_the_same_name_is_no_other_models(tmp_path):
    (tmp_path / "my.py").write_text(OWN)
    models = {"own": f"{tmp_path / 'my.py'}:VAE", "zoos": "vae"}
    for name, target in models.items():
        zoo.create(target, **tiny.settings("vae")).save(tmp_path / f"{name}.keras")
    for _ in range(2):
        own, zoos = (zoo.load(tmp_path / f"{name}.keras") for name in models)
        assert (own.beta, zoos.beta) == (3.0, 1.0)
        assert (type(own).__module__, type(zoos).__module__) == ("my", "zoo.autoencoders.vae")


def test_weights_of_a_trained_model_are_copied_where_they_fit(tmp_path):
    source = tiny.create("vae", seed=1, ema=0.9)
    source.average.averages[0].assign(array(source.average.averages[0]) + 1.0)
    source.save(tmp_path / "source.keras")
    model = tiny.create("vae")
    copy_weights(model, tmp_path / "source.keras")
    with source.averaged_weights():
        for found, wanted in zip(model.get_weights()[:4], source.get_weights()[:4], strict=True):
            EXACT.check(found, wanted)
    with pytest.raises(RunError, match="weights of its own architecture"):
        copy_weights(tiny.create("vae", latent_dim=3), source)


AFRESH = """
import sys, zoo
model = zoo.load(sys.argv[1])
print(type(model).__name__, type(getattr(model, sys.argv[2])).__name__)
"""


@pytest.mark.once
def test_a_model_with_a_model_among_its_settings_opens_in_another_process(tmp_path):
    # In this process Keras knows the class of the inner model already.
    file = tmp_path / "mine.py"
    file.write_text("from zoo.autoencoders.vae import VAE\nclass Mine(VAE):\n    pass\n")
    inner = load_class(f"{file}:Mine")(**tiny.settings("vae"))
    for outer, cls in (
        (tiny.create("code_gan", autoencoder=tiny.create("vae")), "CodeGAN VAE"),
        (tiny.create("code_gan", autoencoder=inner), "CodeGAN Mine"),
    ):
        outer.save(tmp_path / "model.keras")
        command = [sys.executable, "-W", "ignore", "-c", AFRESH, "model.keras", "autoencoder"]
        found = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        assert found.stdout.split() == cls.split()
