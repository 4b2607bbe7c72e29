"""Small models, each of which needs one thing of the training engine that the zoo's may not."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo.backends import input_gradient
from zoo.model import GenerativeModel
from zoo.noise import bernoulli, categorical, normal
from zoo.phase import Phase

FEATURES = 6


def data(count: int = 48) -> np.ndarray:
    """Vectors with a mean and a spread per feature."""
    rng = np.random.default_rng(0)
    spread = np.linspace(0.5, 1.5, FEATURES)
    return (rng.normal(size=(count, FEATURES)) * spread + spread).astype("float32")


def dense(inputs: int, outputs: int, name: str, hidden: int = 5) -> keras.Model:
    """A network with one hidden layer."""
    start = keras.Input((inputs,), name=f"{name}_in")
    x = layers.Dense(hidden, activation="tanh")(start)
    return keras.Model(start, layers.Dense(outputs, name=f"{name}_out")(x), name=name)


class Small(GenerativeModel):
    """A model of vectors; a subclass makes its networks and phases in `assemble`."""

    def __init__(self, shape: Any = (FEATURES,), value_range: Any = None, **options: Any) -> None:
        super().__init__(shape, value_range=value_range, **options)
        self.assemble()


class Plain(Small):
    """An autoencoder with an optimizer of Keras's own."""

    def optimizer_of_phase(self) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(0.01)

    def assemble(self) -> None:
        self.encoder = dense(FEATURES, 2, "encoder")
        self.decoder = dense(2, FEATURES, "decoder")
        optimizer = self.optimizer_of_phase()
        self.phases = [Phase(self.autoencoder_loss, [self.encoder, self.decoder], optimizer)]

    def autoencoder_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        made = self.rebuilt(batch, training)
        return {"loss": ops.mean(ops.square(batch["data"] - made))}

    def rebuilt(self, batch: dict[str, Any], training: bool) -> Any:
        codes = self.encoder(batch["data"], training=training)
        return ops.cast(self.decoder(codes, training=training), "float32")


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
        self.reader = keras.Model(words, ops.mean(vectors, axis=1), name="reader")
        self.noise = {"words": categorical(40, 2), "kept": bernoulli(0.7, FEATURES)}
        self.phases = [Phase(self.reader_loss, [self.reader], keras.optimizers.Adam(0.01))]

    def reader_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        wrong = self.reader(batch["words"], training=training) - batch["data"]
        return {"loss": ops.mean(batch["kept"] * ops.square(wrong))}


class Balanced(Plain):
    """State that the loss returns (a balance and a running mean), and a warm-up by the step."""

    def assemble(self) -> None:
        super().assemble()
        self.balance = self.state("balance")
        self.mean = self.state("mean", (FEATURES,), "ones")

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

    partial = True

    def assemble(self) -> None:
        self.generator = dense(2, FEATURES, "generator")
        self.discriminator = dense(FEATURES, 1, "discriminator")
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
                partial=self.partial,
                noise=[],
            ),
            Phase(
                self.generator_loss,
                [self.generator],
                keras.optimizers.Adam(0.01, 0.0, 0.9),
                noise=["latent"],
            ),
        ]

    def discriminator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        fake = ops.stop_gradient(self.generator(batch["latent"], training=training))
        real_logit = self.discriminator(batch["data"], training=training)
        fake_logit = self.discriminator(fake, training=training)
        return {"loss": ops.mean(ops.softplus(fake_logit) + ops.softplus(-real_logit))}

    def penalty_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        slope = input_gradient(lambda x: self.discriminator(x, training=training), batch["data"])
        return {"loss": 4 * 0.5 * ops.mean(ops.sum(ops.square(slope), axis=-1))}

    def generator_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        fake = self.generator(batch["latent"], training=training)
        return {"loss": ops.mean(ops.softplus(-self.discriminator(fake, training=training)))}


class Staged(Plain):
    """An autoencoder for four steps, then a density of its codes."""

    def assemble(self) -> None:
        super().assemble()
        self.prior_network = dense(2, 2, "prior_network")
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
        codes = ops.stop_gradient(self.encoder(batch["data"], training=training))
        made = self.prior_network(codes, training=training)
        return {"loss": ops.mean(ops.square(made - 1)), "size": ops.mean(ops.abs(made))}


MODELS = {kind.__name__: kind for kind in (Plain, Scheduled, Words, Balanced, Lazy, Staged)}
