"""Labels by a product with the discriminator's features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from zoo.gans.base import Adversarial
from zoo.layers import SpectralDense
from zoo.networks import rewired
from zoo.networks.kernels import EMBEDDING
from zoo.precision import precise, precise_dtype
from zoo.settings import setting

GROWING = {"width": 64, "growth": 16}


class ProjectionGAN(Adversarial):
    """Projection GAN, cGAN with projection discriminator (Miyato & Koyama, 2018, arXiv:1802.05637).

    The logit is ψ(φ(data)) + ⟨embedding of the label, φ(data)⟩ (equation 4) with features φ and a
    linear ψ. Spectral normalization of the discriminator, its embedding included, conditional batch
    normalization of the generator, hinge loss, the momenta of Adam and the updates of the
    discriminator are the paper's. The networks are the strided ones of `conv`; with
    `network="resnet"` they are, at 128×128×3, the paper's residual ones. Its learning rate is 2e-4,
    the default one for some thousand steps.
    """

    latent_dim = 128
    loss = "hinge"
    learning_rate = 5e-4
    beta_1 = 0.0
    beta_2 = 0.9
    discriminator_steps = 5
    embedding_initializer = "glorot_uniform"
    family_defaults = {
        "resnet": {
            "generator": GROWING,
            "discriminator": GROWING | {"activation": "relu", "pooling": "sum", "final_blocks": 1},
        }
    }
    num_classes: int | None = setting("Number of classes.", at_least=1, tiny=10)
    discriminator: keras.Model = setting("Data → logit and features.", default=None)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Spectral and conditional batch normalization."""
        discriminator = {"activation": "leaky_relu", "normalization": "spectral"}
        return {
            "generator": {"normalization": "conditional"},
            "discriminator": self.discriminator_defaults(discriminator),
        }

    def make_discriminator(self) -> None:
        """The features, and what makes a logit of them and the label."""
        trunk = self.encoder_of("discriminator", logit=1, features=True, labels=False)
        if self.num_classes is not None:
            units = trunk.output["features"].shape[-1]
            self.embedding = SpectralDense(
                units,
                use_bias=False,
                kernel_initializer=self.embedding_initializer,
                dtype=precise_dtype(),
                name=EMBEDDING,
            )
        self.discriminator = rewired(trunk, self.with_projection)

    def with_projection(self, trunk: keras.Model) -> keras.Model:
        """A network with `logit` and `features` as one whose logit depends on the label."""
        told = {"features": trunk.output["features"]} if self.feature_matching else {}
        if self.num_classes is None:
            outputs = {"logit": trunk.output["logit"], **told}
            return keras.Model(trunk.input, outputs, name=trunk.name)
        labels = keras.Input((), dtype="int32", name="labels")
        embedded = self.embedding(ops.one_hot(labels, self.num_classes, dtype=precise_dtype()))
        inputs = {**trunk.input, "labels": labels}
        outputs = {"logit": projected_logit(trunk.output, embedded), **told}
        return keras.Model(inputs, outputs, name=trunk.name)


def projected_logit(outputs: Mapping[str, Any], projected: Any) -> Any:
    """Logit + ⟨features, projected⟩ `(batch, 1)`: equation 4 of the paper."""
    product = precise(outputs["features"]) * projected
    return outputs["logit"] + ops.sum(product, axis=-1, keepdims=True)
