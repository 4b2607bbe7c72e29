"""A prior that is the mean of the posteriors of learned inputs."""

from __future__ import annotations

from typing import Any

import keras
from keras import initializers, ops

from zoo import losses
from zoo.autoencoders.variational import Variational
from zoo.model.parts import posterior_draw, pseudo_inputs
from zoo.networks import apply
from zoo.noise import categorical, in_turn, normal
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting
from zoo.uses import Step, Use


class VampVAE(Variational):
    """VAE with a VampPrior (Tomczak & Welling, 2017, arXiv:1705.07120).

    The prior is (1/K) Σ q(latent | u_k), whose inputs u_k are learned with the networks and cut to
    the data's range, as in the paper; they start as uniform noise. KL(q ‖ p) is log q − log p at
    the latent that was drawn. Sampling draws a u_k, encodes it and decodes a latent of it. The
    use `pseudo_inputs` shows them. The paper's K is 500; its gated networks, two levels of latents
    and warm-up are not here.
    """

    num_pseudo_inputs: int = setting(
        "Learned inputs, K in the paper.", default=500, at_least=1, tiny=5
    )

    def assemble(self) -> None:
        self.require(
            self.num_classes is None,
            "num_classes is for models whose networks read labels, and none does",
            num_classes=self.num_classes,
        )
        super().assemble()
        self.pseudo_inputs = self.make_pseudo_inputs()
        self.posterior = posterior_draw(self.latent_dim)
        self.prior = {
            "component": categorical(self.num_pseudo_inputs),
            "epsilon": normal(self.latent_dim),
        }
        networks = [self.encoder, self.decoder, self.pseudo_inputs]
        self.phases = [Phase(self.elbo_loss, networks, self.phases[0].optimizer)]

    def make_pseudo_inputs(self) -> keras.Model:
        """`component`, a number below K → `data`."""
        first = initializers.RandomUniform(*(self.value_range or (-1.0, 1.0)))
        return pseudo_inputs(self.num_pseudo_inputs, self.shape, self.value_range, first)

    def divergence(self, posterior: Logs, latent: Any, batch: Batch) -> Any:
        """Log q(latent | data) − log p(latent) of each row."""
        return losses.log_normal_rows(latent, **posterior) - self.log_prior_rows(latent)

    def log_prior_rows(self, latent: Any) -> Any:
        """Log p(latent) under the mean of the pseudo-inputs' posteriors: `(batch,)`, in nats."""
        everyone = {"component": ops.arange(self.num_pseudo_inputs, dtype="int32")}
        components = apply(self.encoder, apply(self.pseudo_inputs, everyone))
        pairs = ops.sum(losses.log_normal_pairs(latent, **components), axis=-1)
        return losses.log_mean_exp(pairs)

    def uses(self) -> dict[str, Use]:
        """Samples pass through the pseudo-inputs, which a use of their own shows."""
        through = [
            Step("pseudo_inputs"),
            Step("encoder", {"data": "pseudo_inputs/data"}),
            Step("posterior", {n: f"encoder/{n}" for n in ("mean", "log_variance")}),
            Step("decoder", {"latent": "posterior/latent"}),
        ]
        shown = Use(
            through[:1],
            {"data": "pseudo_inputs/data"},
            {"component": in_turn(self.num_pseudo_inputs)},
        )
        sample = Use(through, {"data": "decoder/data"}, self.prior)
        return super().uses() | {"sample": sample, "pseudo_inputs": shown}
