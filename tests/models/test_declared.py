"""What an author declares wrongly is named when the model is made, or at its first step."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo import GenerativeModel, Phase
from zoo.errors import DivergenceError, ModelError, UseError
from zoo.networks import apply
from zoo.noise import normal
from zoo.uses import Step, Use

DATA = np.zeros((8, 5), "float32")


class Small(GenerativeModel):
    """An autoencoder whose declarations tests change."""

    def assemble(self):
        self.encoder = self.encoder_of(code=2)
        self.decoder, _ = self.decoder_of(latent=2)
        self.k = self.state("k")
        self.phases = [Phase(self.main_loss, [self.encoder, self.decoder], self.adam())]

    def adam(self):
        return keras.optimizers.Adam(1e-3)

    def logs(self, error):
        return {"loss": ops.mean(error)}

    def main_loss(self, batch, training):
        code = apply(self.encoder, batch, training)["code"]
        made = apply(self.decoder, batch | {"latent": code}, training)["data"]
        return self.logs(ops.square(made - batch["data"]))


def small(**methods):
    """A model of a class with other methods."""
    return type("Changed", (Small,), methods)(shape=(5,))


def assembled(change):
    def assemble(self):
        Small.assemble(self)
        change(self)

    return {"assemble": assemble}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: setattr(m, "noise", {"z": (4,)}), "noise is made by normal"),
        (lambda m: setattr(m, "noise", {"data": normal(4)}), "holds 'data' already"),
        (lambda m: setattr(m, "noise", {"step": normal()}), "holds 'step' already"),
        (lambda m: Phase(m.main_loss, [m.encoder], "adam"), "phase 'main' is a Keras optimizer"),
        (lambda m: Phase(m.main_loss, [m.encoder], m.adam(), when=3), "when of a phase"),
        (
            lambda m: setattr(m, "phases", [Phase(m.main_loss, [], m.adam())]),
            "networks with weights. Received: phase 'main'",
        ),
    ],
)
def test_wrong_declarations_are_named(change, message):
    with pytest.raises(ModelError, match=message):
        small(**assembled(change))


def test_a_model_without_phases_is_used_and_not_trained():
    model = small(**assembled(lambda m: setattr(m, "phases", [])))
    assert model.encode(DATA).shape == (8, 2)
    with pytest.raises(ModelError, match="Received: Changed without any"):
        model.fit(DATA, verbose=0)


@pytest.mark.parametrize(
    ("logs", "message"),
    [
        (lambda self, error: {"error": ops.mean(error)}, 'with "loss". Received: the keys error'),
        (lambda self, error: None, "Received: NoneType"),
        (lambda self, error: {"loss": error}, "'loss' of shape"),
        (lambda self, error: {"loss": ops.mean(error), "next": 3}, "Received: int"),
        (
            lambda self, error: {"loss": ops.mean(error), "next": {"k": ops.ones((2,))}},
            r"'k' has the shape \(\)",
        ),
        (lambda self, error: {"loss": ops.mean(error), "next": {"l": 0.0}}, "names variables"),
    ],
)
def test_wrong_logs_are_named(logs, message):
    with pytest.raises(ModelError, match=message):
        small(logs=logs).fit(DATA, verbose=0)


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (Use([Step("nothing")], {"x": "nothing/x"}), "a part is a functional Keras model"),
        (Use([Step("encoder")], {"x": "encoder/x"}), "gives values that its parts make"),
        (Use([Step("decoder", {"latent": "encoder/code"})], {}), "values made before it"),
        (Use([Step("encoder", {"image": "data"})], {}), "reads inputs of its part"),
    ],
)
def test_wrong_uses_are_named(use, message):
    with pytest.raises(ModelError, match=message):
        small(uses=lambda self: {"wrong": use})


@pytest.mark.parametrize("method", ["assign", "assign_add"])
def test_a_loss_that_assigns_a_state_is_named(method):
    def logs(self, error):
        getattr(self.k, method)(ops.mean(error))
        return {"loss": ops.mean(error)}

    model = small(logs=logs)
    message = "A loss returns its state. Received: phase 'main', which assigns 'k'"
    with pytest.raises(ModelError, match=message):
        model.fit(DATA, verbose=0)
    with pytest.raises(ModelError, match=message):
        model.evaluate(DATA)
    model.k.assign(2.0)  # Outside a loss it may be.
    assert float(ops.convert_to_numpy(model.k)) == 2


@pytest.mark.parametrize("steps_per_call", [1, 2])
def test_a_state_that_is_no_number_ends_training_at_its_step(steps_per_call):
    def logs(self, error):
        return {"loss": ops.mean(error), "next": {"k": 1 / (2 - ops.cast(self.i, "float32")),
                                                  "i": self.i + 1}}  # fmt: skip

    def assemble(self):
        self.i = self.state("i", dtype="int32")

    model = small(logs=logs, **assembled(assemble))
    with pytest.raises(DivergenceError, match="The state 'k' of phase 'main' .* at step 2"):
        model.fit(DATA, steps=4, batch_size=4, steps_per_call=steps_per_call, verbose=0)


def test_arrays_of_other_shapes_are_named():
    with pytest.raises(UseError, match=r"'data' of shape \('batch', 5\). Received: \(8, 4\)"):
        small().encode(DATA[:, :4])


def test_a_keras_optimizer_and_another_learning_rate_do_not_go_together():
    import zoo

    sgd = keras.optimizers.SGD(1e-3)
    with pytest.raises(ModelError, match="brings its own learning rate"):
        zoo.create("vae", shape=(5,), value_range=None, optimizer=sgd, learning_rate=0.5)
