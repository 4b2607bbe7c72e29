"""Autoencoders without noise, whose decoder is kept smooth."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.autoencoders.base import Autoencoder
from zoo.backends import input_gradient
from zoo.model import NetworkSettings
from zoo.networks import apply
from zoo.noise import bernoulli, normal
from zoo.phase import Batch
from zoo.precision import precise_dtype
from zoo.priors import Gaussian
from zoo.settings import setting
from zoo.uses import Step, Use


class RAE(NetworkSettings, Autoencoder):
    """Regularized autoencoder (Ghosh et al., 2019, arXiv:1903.12436): what its forms share.

    Minimises the squared error + β·z² + λ·R: means over the features and over the code z, and a
    regularizer R of the decoder. There is no prior in training, so sampling needs a density of the
    codes: a Gaussian of their mean and covariance, which is fitted as training goes. The paper's
    mixture of ten Gaussians, fitted afterwards, gives better samples. β and λ are those of the
    authors' code for MNIST, the code has its 16 numbers; the networks are the family's.
    """

    loss = "mean_squared_error"
    latent_dim: int = setting("Length of the code.", default=16, at_least=1, tiny=4)
    code_weight: float = setting("Weight of z², β in the paper.", default=1e-4, at_least=0)
    decoder_weight: float = setting("Weight of the decoder's regularizer, λ.", at_least=0)

    def assemble(self) -> None:
        super().assemble()
        epsilon = keras.Input((self.latent_dim,), name="epsilon")
        self.density = Gaussian(dtype=precise_dtype(), name="density")
        outputs = {"latent": self.density(epsilon)}
        self.gaussian = keras.Model({"epsilon": epsilon}, outputs, name="gaussian")
        self.prior = {"epsilon": normal(self.latent_dim)}

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        return self.encoder_of(code=self.latent_dim)

    def penalty(self, batch: Batch, code: Any) -> Any:
        """Of the code, and of the decoder."""
        norm = self.code_weight * ops.mean(ops.square(code))
        return norm + self.decoder_weight * self.roughness(batch, code)

    def roughness(self, batch: Batch, code: Any) -> Any:
        """The decoder's regularizer."""
        raise NotImplementedError(f"{type(self).__name__} defines roughness().")

    def reconstruction(self, batch: Batch, training: bool) -> Any:
        """The squared error; training fits the density to the codes that are decoded."""
        if training:
            self.density.update(batch["latent"])
        return super().reconstruction(batch, training)

    def uses(self) -> dict[str, Use]:
        """Samples are decoded draws from the Gaussian."""
        steps = [Step("gaussian"), Step("decoder", {"latent": "gaussian/latent"})]
        return super().uses() | {"sample": Use(steps, {"data": "decoder/data"}, self.prior)}


class RAEL2(RAE):
    """RAE with weight decay of the decoder, R = Σw² (Ghosh et al., 2019, arXiv:1903.12436)."""

    decoder_weight = 1e-7

    def roughness(self, batch: Batch, code: Any) -> Any:
        """Σw² over the decoder's kernels."""
        return losses.l2(w for w in self.decoder.trainable_variables if len(w.shape) > 1)


class RAEGP(RAE):
    """RAE with a penalty on the decoder's slope (Ghosh et al., 2019, arXiv:1903.12436).

    R = ‖∂decoder/∂code‖²_F at the data's codes, by an unbiased estimate: ‖∂(v·decoder)/∂code‖² for
    random signs v. The authors' code takes the slope of the outputs' squares in its place, and
    another λ.
    """

    decoder_weight = 1e-6

    def assemble(self) -> None:
        super().assemble()
        self.noise = {"signs": bernoulli(0.5, *self.shape)}

    def roughness(self, batch: Batch, code: Any) -> Any:
        """The squared norm of the slope, mean over the batch."""
        signs = 2.0 * batch["signs"] - 1.0

        def projected(latent: Any) -> Any:
            return apply(self.decoder_logits, batch | {"latent": latent})["data"] * signs

        slope = input_gradient(projected, ops.stop_gradient(code))
        return ops.mean(ops.sum(ops.square(slope), axis=-1))
