"""One translator between all classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers

from zoo import losses
from zoo.gans.base import Adversarial, Terms
from zoo.networks import apply, rewired
from zoo.noise import Noise, categorical, in_turn
from zoo.phase import Batch, Logs
from zoo.precision import precise_dtype
from zoo.settings import setting
from zoo.uses import TARGET_LABELS, Step, Use


class StarGAN(Adversarial):
    """StarGAN (Choi et al., 2017, arXiv:1711.09020).

    One translator reads data and the class that they should become, as planes, and a critic tells
    the class beside its logits of patches. The translator minimises its side of the Wasserstein
    game + λ_cls·(−log p(class asked for)) + λ_rec·‖back to the data's own class − data‖₁; the
    critic has the gradient's penalty of WGAN-GP, and learns the classes of data alone. Every class
    is asked for as often as any other. A datum has one class, as in the paper's faces by their
    expressions.

    The paper's translator has the width 64 and six blocks, its critic at 128×128 six halvings, and
    its rates of 1e-4 fall to 0 in the second half of 20 epochs. The default settings are for small
    images and some thousand steps.
    """

    accepts = ("sequence", "image")
    lacks = ("latent_dim", "generator")
    pictured = ("translate", "cycle")
    loss = "wasserstein"
    penalties = {"gradient": 10.0}
    learning_rate = 5e-4
    discriminator_steps = 5
    network_options: dict = setting(
        "Options of the networks: width, translator.blocks, discriminator.width.",
        default={},
        tiny={"width": 4, "translator.blocks": 1},
    )
    num_classes: int = setting("Number of classes.", at_least=1, tiny=10)
    class_weight: float = setting(
        "Weight of the log-likelihood of the class, λ_cls.", default=1.0, at_least=0
    )
    cycle: float = setting("Weight of the cycle's error, λ_rec.", default=10.0, at_least=0)
    translator: keras.Model = setting(
        "Data and label → data of its class, without an output activation.", default=None
    )
    discriminator: keras.Model = setting("Data → a map of logits, and features.", default=None)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Instance normalization of the translator, none of the critic."""
        critic = {"network": "stargan", "activation": "leaky_relu", "normalization": None}
        return {
            "translator": {"network": "stargan", "normalization": "instance", "width": 16},
            "discriminator": self.discriminator_defaults(critic | {"width": 32}),
        }

    def make_generator(self) -> None:
        """The translator, which draws nothing."""
        self.translator, _ = self.decoder_of("translator", makes="other")
        self.prior = {}

    def make_discriminator(self) -> None:
        """A network without labels, whose features tell the class, all of them together."""
        trunk = self.encoder_of("discriminator", labels=False, logit=1, features=True)
        head = layers.Dense(self.num_classes, use_bias=False, dtype=precise_dtype(), name="classes")
        self.discriminator = rewired(trunk, lambda network: _with_classes(network, head))

    @property
    def generator_networks(self) -> list[keras.Model]:
        """The translator."""
        return [self.translator]

    def noise_of_pieces(self) -> dict[str, Noise]:
        """With the classes that data should become."""
        return super().noise_of_pieces() | {TARGET_LABELS: categorical(self.num_classes)}

    def generate(self, batch: Batch, training: bool) -> Any:
        """Data as the classes asked for."""
        return self.translated(batch["data"], batch[TARGET_LABELS], batch, training)

    def translated(self, data: Any, labels: Any, batch: Batch, training: bool) -> Any:
        """Data as the classes of labels."""
        read = batch | {"data": data, "labels": labels}
        return apply(self.translator, read, training)["other"]

    def discriminator_terms(self, real: Logs, fake: Logs, batch: Batch) -> Terms:
        """The classes of data."""
        found = losses.class_cross_entropy(batch["labels"], real["classes"])
        return {"real_class": (self.class_weight, found)}

    def generator_terms(self, fake: Logs, batch: Batch) -> Terms:
        """The classes that were asked for."""
        found = losses.class_cross_entropy(batch[TARGET_LABELS], fake["classes"])
        return {"fake_class": (self.class_weight, found)}

    def sample_terms(self, samples: Any, batch: Batch, training: bool) -> Terms:
        """The error of data that are translated there and back."""
        back = self.translated(samples, batch["labels"], batch, training)
        return {"cycle": (self.cycle, losses.mean_absolute_error(batch["data"], back))}

    def uses(self) -> dict[str, Use]:
        """`translate`, `cycle` there and back, and `classify`."""
        asked = {TARGET_LABELS: in_turn(self.num_classes)}
        there = Step("translator", {"labels": TARGET_LABELS})
        back = Step("translator", {"data": "translator/other"}, name="back")
        return super().uses() | {
            "translate": Use([there], {"other": "translator/other"}, asked),
            "cycle": Use([there, back], {"data": "back/other"}, asked),
            "classify": Use([Step("discriminator")], {"logits": "discriminator/classes"}),
        }


def _with_classes(network: keras.Model, head: keras.layers.Layer) -> keras.Model:
    """A network with `logit` and `features` as one with `logit` and `classes`."""
    classes = head(layers.Flatten()(network.output["features"]))
    outputs = {"logit": network.output["logit"], "classes": classes}
    return keras.Model(network.input, outputs, name=network.name)
