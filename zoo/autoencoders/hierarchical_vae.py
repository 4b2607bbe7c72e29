"""Several levels of latents, whose posteriors merge what comes from below and from above."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from zoo import losses, networks
from zoo.autoencoders.vae import VAE
from zoo.networks import apply
from zoo.phase import Batch, Logs
from zoo.settings import setting

Call = Callable[[keras.Model, Mapping[str, Any]], Mapping[str, Any]]


class HierarchicalVAE(VAE):
    """Ladder VAE (Sønderby et al., 2016, arXiv:1602.02282).

    Deterministic networks go up from the data and give each level a normal distribution. On the way
    down each level's prior is a function of the latent above, and its posterior the product of that
    prior and the distribution from below, by their precisions; the prior of the top is N(0, I). The
    loss adds up the divergences of all levels, whose weight grows over `warm_up` steps, as in the
    paper. A code, the top first, says how many of the prior's deviations each latent is from the
    prior's mean, so that the prior of codes is N(0, I). The paper has five levels and batch
    normalization everywhere; here it is an option.
    """

    code = "code"
    latent_dim: int = setting(
        "Length of the lowest latent, which the decoder reads.", default=32, at_least=1, tiny=4
    )
    upper_dims: tuple[int, ...] = setting(
        "Lengths of the latents above, from the lowest on.", default=(16, 8), at_least=1, tiny=(2,)
    )
    level_widths: tuple[int, ...] = setting(
        "Units of the hidden layers between two levels.", default=(128,), at_least=1, tiny=(4,)
    )
    level_normalization: str | None = setting(
        "Of these layers: batch, layer, or None for none.", default=None
    )
    warm_up: int = setting(
        "Steps over which the divergences gain their weight.", default=2000, at_least=0
    )

    @property
    def dims(self) -> list[int]:
        """The lengths of the latents, from the top down."""
        return [self.latent_dim, *self.upper_dims][::-1]

    @property
    def code_dim(self) -> int:
        """The length of all latents together."""
        return sum(self.dims)

    def make_encoder(self) -> keras.Model:
        """`data` → `code`."""
        self.require(len(self.upper_dims) > 0, "there are two levels or more", upper_dims=())
        lowest: dict[str, Any] = {"mean": self.latent_dim, "log_variance": self.latent_dim}
        self.ups = [self.encoder_of(features=True, **lowest)]
        self.downs = []
        for number, size in enumerate(self.upper_dims):
            below = self.ups[-1].output["features"].shape[1:]
            self.ups.append(self.level(f"up_{number + 1}", {"features": tuple(below)}, size, True))
        for number, (above, size) in enumerate(zip(self.dims, self.dims[1:], strict=False)):
            self.downs.append(self.level(f"down_{number + 1}", {"above": (above,)}, size, False))
        inputs = self.ups[0].input
        levels = self.levels(inputs, _called, [None] * len(self.dims))
        codes = [level["code"] for level in levels]
        return keras.Model(inputs, {"code": ops.concatenate(codes, axis=-1)}, name="encoder")

    def level(
        self, name: str, reads: dict[str, tuple[int, ...]], size: int, features: bool
    ) -> keras.Model:
        """A network between two levels: to the `mean` and `log_variance` of one."""
        return networks.encoder(
            "mlp",
            reads,
            {"mean": size, "log_variance": size},
            features=features,
            width=list(self.level_widths),
            activation="leaky_relu",
            normalization=self.level_normalization,
            name=name,
        )

    def make_decoder(self) -> tuple[keras.Model, keras.Model]:
        """`latent`, a code → `data`; and the logits of data given the lowest latent."""
        lowest, logits = self.decoder_of(latent=self.latent_dim)
        code = keras.Input((self.code_dim,), name="latent")
        first, *others = self.split(code)
        latent = first
        for down, piece in zip(self.downs, others, strict=True):
            latent = losses.reparameterize(*_prior(_called, down, latent), piece)
        inputs = {**lowest.input, "latent": code}
        data = _called(lowest, {**inputs, "latent": latent})["data"]
        return keras.Model(inputs, {"data": data}, name="decoder"), logits

    def split(self, code: Any) -> list[Any]:
        """The latents' pieces of a code, or of noise, from the top down."""
        ends = [sum(self.dims[: number + 1]) for number in range(len(self.dims))]
        return [code[:, end - size : end] for end, size in zip(ends, self.dims, strict=True)]

    def levels(self, values: Mapping[str, Any], call: Call, noise: list[Any]) -> list[Logs]:
        """Of each level, from the top down, `latent`, `code` and the divergence `kl` `(batch,)`.

        Args:
            values: The data, and labels where the networks read them.
            call: Calls a network.
            noise: Of each latent's draw; None for the posterior's mean.
        """
        found = [call(self.ups[0], values)]
        for up in self.ups[1:]:
            found.append(call(up, {"features": found[-1]["features"]}))
        made: list[Logs] = []
        for own, down, epsilon in zip(found[::-1], [None, *self.downs], noise, strict=True):
            mean, spread = own["mean"], own["log_variance"]
            center, width = ops.zeros_like(mean), ops.zeros_like(spread)
            if down is not None:
                center, width = _prior(call, down, made[-1]["latent"])
                mean, spread = losses.precision_weighted(mean, spread, center, width)
            latent = mean if epsilon is None else losses.reparameterize(mean, spread, epsilon)
            code = (latent - center) * ops.exp(-0.5 * width)
            kl = losses.normal_kl_rows(mean, spread, center, width)
            made.append({"latent": latent, "code": code, "kl": kl})
        return made

    def infer(self, batch: Batch, training: bool) -> Logs:
        """The lowest latent of each row, drawn from the top down, and each level's divergence."""

        def call(network: keras.Model, values: Mapping[str, Any]) -> Mapping[str, Any]:
            return apply(network, values, training)

        levels = self.levels(batch, call, self.split(batch["epsilon"]))
        divergences = {f"kl_{len(levels) - n}": level["kl"] for n, level in enumerate(levels)}
        return {"latent": levels[-1]["latent"], **divergences}

    def draw(self, posterior: Logs, batch: Batch) -> Any:
        """The lowest latent."""
        return posterior["latent"]

    def divergence(self, posterior: Logs, latent: Any, batch: Batch) -> Any:
        """The sum over the levels of KL(q ‖ p) of each row, given the latents above."""
        return sum(posterior[name] for name in posterior if name.startswith("kl_"))

    def addition(self, posterior: Logs, latent: Any, batch: Batch) -> tuple[Any, Logs]:
        """No term; the divergence of each level as a log, `kl_1` of the lowest."""
        names = sorted(name for name in posterior if name.startswith("kl_"))
        return 0.0, {name: ops.mean(posterior[name]) for name in names}


def _called(network: keras.Model, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Calls a network while models are made."""
    return network({name: values[name] for name in network.input})


def _prior(call: Call, network: keras.Model, above: Any) -> tuple[Any, Any]:
    """A latent's mean and log variance given the one above; far out it would be infinite."""
    prior = call(network, {"above": above})
    return prior["mean"], losses.bounded_log_variance(prior["log_variance"])
