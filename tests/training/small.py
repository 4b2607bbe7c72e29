"""Small models, each of which needs one thing of the training engine that the zoo's may not."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo.backends import input_gradient
from zoo.model import GenerativeModel
from zoo.networks import apply
from zoo.noise import bernoulli, categorical, normal
from zoo.phase import Phase
from zoo.uses import Step, Use

FEATURES = 6


def data(count: int = 48) -> np.ndarray:
    """Vectors with a mean and a spread per feature."""
    rng = np.random.default_rng(0)
    spread = np.linspace(0.5, 1.5, FEATURES)
    return (rng.normal(size=(count, FEATURES)) * spread + spread).astype("float32")


def dense(name: str, reads: tuple[str, int], gives: tuple[str, int]) -> keras.Model:
    """A network with one hidden layer: input and output, each a name and a size."""
    start = keras.Input((reads[1],), name=reads[0])
    x = layers.Dense(5, activation="tanh", name=f"{name}_hidden")(start)
    end = layers.Dense(gives[1], name=f"{name}_out")(x)
    return keras.Model({reads[0]: start}, {gives[0]: end}, name=name)


class Small(GenerativeModel):
    """A model of vectors; a subclass makes its networks and phases in `assemble`."""

    shape = (FEATURES,)
    value_range = None
    standardize_vectors = False


class Plain(Small):
    """An autoencoder with an optimizer of Keras's own."""

    def optimizer_of_phase(self) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(0.01)

    def assemble(self) -> None:
        self.encoder = dense("encoder", ("data", FEATURES), ("code", 2))
        self.decoder = dense("decoder", ("latent", 2), ("data", FEATURES))
        optimizer = self.optimizer_of_phase()
        self.phases = [Phase(self.autoencoder_loss, [self.encoder, self.decoder], optimizer)]

    def autoencoder_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        made = self.rebuilt(batch, training)
        return {"loss": ops.mean(ops.square(batch["data"] - made))}

    def rebuilt(self, batch: dict[str, Any], training: bool) -> Any:
        code = apply(self.encoder, batch, training)["code"]
        return ops.cast(apply(self.decoder, {"latent": code}, training)["data"], "float32")


class Scheduled(Plain):
    """An autoencoder whose learning rate follows a schedule, with AdamW."""

    def optimizer_of_phase(self) -> keras.optimizers.Optimizer:
        rate = keras.optimizers.schedules.ExponentialDecay(0.05, 4, 0.5)
        return keras.optimizers.AdamW(rate, weight_decay=0.01)


class Words(Small):
    """An embedding of words drawn by chance, of which one batch reads a few only."""

    def assemble(self) -> None:
        words = keras.Input((2,), dtype="int32", name="words")
        vectors = layers.Embedding(40, FEATURES, name="embedding")(words)
        means = ops.mean(vectors, axis=1)
        self.reader = keras.Model({"words": words}, {"vector": means}, name="reader")
        self.noise = {"words": categorical(40, 2), "kept": bernoulli(0.7, FEATURES)}
        self.phases = [Phase(self.reader_loss, [self.reader], keras.optimizers.Adam(0.01))]

    def uses(self) -> dict[str, Use]:
        return {"read": Use([Step("reader")], {"vector": "reader/vector"})}

    def reader_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        wrong = apply(self.reader, batch, training)["vector"] - batch["data"]
        return {"loss": ops.mean(batch["kept"] * ops.square(wrong))}


class Balanced(Plain):
    """State that the loss returns (a balance and a running mean), and a warm-up by the step."""

    def assemble(self) -> None:
        super().assemble()
        self.balance = self.state("balance")
        self.mean = self.state("mean", (FEATURES,), initializer="ones")

    def autoencoder_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        balance, mean = ops.convert_to_tensor(self.balance), ops.convert_to_tensor(self.mean)
        warm = ops.minimum(batch["step"] / 10.0, 1.0)
        made = self.rebuilt(batch, training)
        wrong = ops.mean(ops.square(batch["data"] - made))
        pull = ops.mean(ops.square(made - mean))
        return {
            "loss": wrong + warm * (0.1 + balance) * pull,
            "balance": balance,
            "warm": warm,
            "next": {
                "balance": ops.clip(balance + 0.05 * (wrong - pull), 0.0, 1.0),
                "mean": 0.9 * mean + 0.1 * ops.mean(batch["data"], axis=0),
            },
        }


class Lazy(Small):
    """A penalty on slopes every fourth step, by the discriminator's own optimizer."""

    penalty_is_partial = True

    def assemble(self) -> None:
        self.generator = dense("generator", ("latent", 2), ("data", FEATURES))
        self.discriminator = dense("discriminator", ("data", FEATURES), ("logit", 1))
        self.prior = {"latent": normal(2)}
        self.noise = dict(self.prior) | {"unread": normal(1000)}
        shared = keras.optimizers.Adam(0.01, 0.0, 0.9)
        self.phases = [
            Phase(self.discriminator_loss, [self.discriminator], shared, noise=["latent"]),
            Phase(
                self.penalty_loss,
                [self.discriminator],
                shared,
                when=lambda step: step % 4 == 0,
                partial=self.penalty_is_partial,
                noise=[],
            ),
            Phase(
                self.generator_loss,
                [self.generator],
                keras.optimizers.Adam(0.01, 0.0, 0.9),
                noise=["latent"],
            ),
        ]

    def generate(self, batch: dict[str, Any], training: bool) -> Any:
        return apply(self.generator, batch, training)["data"]

    def judge(self, data: Any, training: bool) -> Any:
        logit = apply(self.discriminator, {"data": data}, training)["logit"]
        return ops.cast(logit, "float32")

    def discriminator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        fake = ops.stop_gradient(self.generate(batch, training))
        real_logit, fake_logit = (self.judge(x, training) for x in (batch["data"], fake))
        return {"loss": ops.mean(ops.softplus(fake_logit) + ops.softplus(-real_logit))}

    def penalty_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        slope = input_gradient(lambda x: self.judge(x, training), batch["data"])
        return {"loss": 4 * 0.5 * ops.mean(ops.sum(ops.square(slope), axis=-1))}

    def generator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        fake = self.generate(batch, training)
        return {"loss": ops.mean(ops.softplus(-self.judge(fake, training)))}


class Staged(Plain):
    """An autoencoder for four steps, then a density of its codes."""

    def assemble(self) -> None:
        super().assemble()
        self.prior_network = dense("prior_network", ("code", 2), ("made", 2))
        stages = [
            Phase(
                self.autoencoder_loss,
                [self.encoder, self.decoder],
                keras.optimizers.Adam(0.01),
                when=lambda step: step < 4,
            ),
            Phase(
                self.prior_loss,
                [self.prior_network],
                keras.optimizers.RMSprop(0.01),
                when=lambda step: step >= 4,
            ),
        ]
        self.phases = stages

    def prior_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        code = ops.stop_gradient(apply(self.encoder, batch, training)["code"])
        made = apply(self.prior_network, {"code": code}, training)["made"]
        return {"loss": ops.mean(ops.square(made - 1)), "size": ops.mean(ops.abs(made))}


MODELS = {kind.__name__: kind for kind in (Plain, Scheduled, Words, Balanced, Lazy, Staged)}
