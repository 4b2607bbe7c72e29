"""The base of every GAN: two networks, a phase for each, and pieces that combine by settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import keras
from keras import ops

from zoo import augmentation, losses
from zoo.adaptive import INTERVAL, next_probability
from zoo.backends import input_gradient
from zoo.gans.settings import COUPLING, AdversarialSettings
from zoo.losses.adversarial import GAMES, Game
from zoo.losses.penalties import PENALTIES
from zoo.model import GenerativeModel, NetworkSettings, Rate
from zoo.networks import apply
from zoo.networks.kernels import kernel_matrices
from zoo.noise import Noise, normal, uniform
from zoo.phase import Batch, Logs, Phase, every
from zoo.precision import precise

Side = Literal["real", "fake"]
Terms = dict[str, tuple[float, Any]]
"""Terms of a loss: the name in the log → the weight and the value."""


class Adversarial(AdversarialSettings, NetworkSettings, GenerativeModel):
    """A generator and a discriminator that train in turn, the discriminator first.

    Losses, penalties, augmentation and networks are settings. A subclass changes what makes it:
    the networks (`make_discriminator`), what is added to the losses (`discriminator_terms`,
    `generator_terms`, `sample_terms`), what samples are told from (`real`), or what the
    discriminator sees (`view`).
    """

    value_range = (-1.0, 1.0)
    remedy = "Try a lower learning_rate, clip_norm, or a penalty such as penalties.r1=10."

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """The discriminator's activation, and the normalization of convolutional networks."""
        shared = {"normalization": "batch"} if len(self.shape) > 1 else {}
        discriminator = shared | {"activation": "leaky_relu"}
        return {"generator": shared, "discriminator": self.discriminator_defaults(discriminator)}

    def discriminator_defaults(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """A discriminator's options as its loss and its penalties need them.

        A penalty takes the slope of each sample by itself, and layer normalization the place of
        batch normalization, as in WGAN-GP; a bias that cancels in the loss is left out.
        """
        found = dict(options)
        if self.weights_of_penalties and found.get("normalization") in COUPLING:
            found["normalization"] = "layer"
        return found | ({"head_bias": False} if self.game.bias_cancels else {})

    def assemble(self) -> None:
        self.check_pieces()
        self.make_generator()
        self.make_discriminator()
        self.require(
            not self.feature_matching or "features" in self.discriminator_network.output,
            "feature_matching is of discriminators that tell their features, and this one does not",
            feature_matching=self.feature_matching,
        )
        self.noise = {**self.prior, **self.noise_of_pieces()}
        if augmentation.is_adaptive(self.augmentation):
            self.augmentation_probability = self.state("augmentation_probability")
            self.augmentation_signs = self.state("augmentation_signs")
            self.augmentation_batches = self.state("augmentation_batches")
        interval = self.penalty_interval if self.weights_of_penalties else 1
        optimizer = self.make_optimizer(
            self.discriminator_learning_rate or self.learning_rate, interval
        )
        discriminators = self.discriminator_networks
        self.phases = [
            Phase(
                self.discriminator_loss, discriminators, optimizer, repeat=self.discriminator_steps
            ),
            Phase(
                self.generator_loss,
                self.generator_networks,
                self.make_optimizer(self.learning_rate),
            ),
        ]
        if self.weights_of_penalties and self.penalty_interval > 1:
            due = every(self.penalty_interval)
            self.phases.insert(
                1, Phase(self.penalty_loss, discriminators, optimizer, when=due, partial=True)
            )

    @property
    def seen_shape(self) -> tuple[int, ...]:
        """The shape of what the discriminator tells samples from."""
        return self.shape

    def make_generator(self) -> None:
        """Makes `generator` and `prior`, the random inputs that it reads."""
        self.generator, _ = self.decoder_of("generator", latent=self.latent_dim)
        self.prior = {"latent": self.latent_noise()}

    def make_discriminator(self) -> None:
        """Makes `discriminator`, and whatever else its phase trains."""
        self.discriminator = self.encoder_of(
            "discriminator", logit=1, features=bool(self.feature_matching)
        )

    @property
    def discriminator_network(self) -> keras.Model:
        """The network that judges."""
        return self.discriminator

    @property
    def discriminator_networks(self) -> list[keras.Model]:
        """The networks that the discriminator's phase trains."""
        return [self.discriminator_network]

    @property
    def generator_networks(self) -> list[keras.Model]:
        """The networks that the generator's phase trains."""
        return [self.generator]

    def latent_noise(self) -> Noise:
        """The latent's distribution: standard normal."""
        return normal(self.latent_dim)

    def noise_of_pieces(self) -> dict[str, Noise]:
        """The random inputs of penalties, augmentation and instance noise."""
        found: dict[str, Noise] = {}
        for name in self.weights_of_penalties:
            found |= {key: make(self.seen_shape) for key, make in PENALTIES[name].noise.items()}
        for side in ("real", "fake"):
            if draws := augmentation.number_of_draws(self.augmentation, self.seen_shape):
                found[f"{side}_augmentation"] = uniform(draws)
            if self.instance_noise:
                found[f"{side}_instance_noise"] = normal(*self.seen_shape)
        return found

    def make_optimizer(self, learning_rate: Rate, interval: int = 1) -> keras.optimizers.Optimizer:
        """The optimizer of a phase.

        Args:
            learning_rate: A number, or a schedule.
            interval: Steps between further updates, of a penalty, by the same optimizer: rate and
                momenta are those of as many steps (Karras et al., 2019, arXiv:1912.04958,
                appendix B). A schedule stays as it is.
        """
        share = interval / (interval + 1) if interval > 1 else 1.0
        rate = learning_rate * share if isinstance(learning_rate, float) else learning_rate
        return keras.optimizers.Adam(rate, self.beta_1**share, self.beta_2**share)

    @property
    def game(self) -> Game:
        """The losses of the two sides."""
        game = GAMES[self.loss]
        if self.label_smoothing:
            smooth = partial(losses.standard_discriminator, smoothing=self.label_smoothing)
            return replace(game, discriminator=smooth)
        return game

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """The discriminator's side of the game, its penalties, and what a subclass adds."""
        samples = ops.stop_gradient(self.generate(batch, training))
        samples, state = self.judged(samples, batch)
        real = self.discriminate(self.real(batch), batch, training, "real")
        fake = self.discriminate(samples, batch, training, "fake")
        terms = self.discriminator_terms(real, fake, batch)
        if self.penalty_interval == 1:
            terms |= self.penalty_terms(samples, batch, training)
        loss = self.game.discriminator(real["logit"], fake["logit"])
        reading = self.game.reading(real["logit"], fake["logit"])
        accuracy = losses.pair_accuracy(real["logit"], fake["logit"])
        logs = with_terms(loss, terms) | reading | {"accuracy": accuracy}
        return with_states(logs, state, self.adapted(real["logit"], fake["logit"], batch))

    def penalty_loss(self, batch: Batch, training: bool) -> Logs:
        """The penalties alone, for all the steps since the last time."""
        samples = ops.stop_gradient(self.generate(batch, training))
        terms = self.penalty_terms(samples, batch, training)
        return with_terms(0.0, {n: (self.penalty_interval * w, v) for n, (w, v) in terms.items()})

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """The generator's side of the game, and what a subclass adds."""
        samples = self.generate(batch, training)
        fake = self.discriminate(samples, batch, training, "fake")
        if self.game.compares:
            real = self.discriminate(self.real(batch), batch, training, "real")
            loss = self.game.generator(real["logit"], fake["logit"])
        else:
            loss = self.game.generator(losses.top(fake["logit"], self.top_k))
        terms = self.generator_terms(fake, batch)
        if self.feature_matching:
            real = self.discriminate(self.real(batch), batch, training, "real")
            distance = losses.feature_distance(real["features"], fake["features"])
            terms["feature_distance"] = (self.feature_matching, distance)
        terms |= self.sample_terms(samples, batch, training) | self.weight_terms()
        diversity = losses.diversity(samples, self.real(batch))
        return with_terms(loss, terms) | {"diversity": diversity}

    def discriminator_terms(self, real: Logs, fake: Logs, batch: Batch) -> Terms:
        """A subclass's terms of the discriminator's loss, of its outputs for the two sides."""
        return {}

    def generator_terms(self, fake: Logs, batch: Batch) -> Terms:
        """A subclass's terms of the generator's loss, of the discriminator's outputs."""
        return {}

    def sample_terms(self, samples: Any, batch: Batch, training: bool) -> Terms:
        """A subclass's terms of the generator's loss, of its samples themselves."""
        return {}

    def weight_terms(self) -> Terms:
        """The terms of the generator's loss that its weights alone decide."""
        if not self.orthogonal:
            return {}
        matrices = kernel_matrices(self.generator_networks)
        return {"orthogonality": (self.orthogonal, sum(map(losses.orthogonality, matrices)))}

    def penalty_terms(self, samples: Any, batch: Batch, training: bool) -> Terms:
        """The penalties on the discriminator's slope."""
        terms: Terms = {}
        for name, weight in self.weights_of_penalties.items():
            penalty = PENALTIES[name]
            point = penalty.point(self.real(batch), samples, batch)
            slope = self.slope(point, batch, training, penalty.side)
            terms[f"{name}_penalty"] = (weight, penalty.measure(slope))
        return terms

    def slope(self, point: Any, batch: Batch, training: bool, side: Side) -> Any:
        """The gradient of the logit by each sample: `(batch, …)`."""
        return input_gradient(
            lambda data: self.discriminate(data, batch, training, side)["logit"], point
        )

    def judged(self, samples: Any, batch: Batch) -> tuple[Any, Logs]:
        """What the discriminator learns from for samples, and the state that moves with it."""
        return samples, {}

    def adapted(self, real: Any, fake: Any, batch: Batch) -> Logs:
        """The adaptive augmentation's next probability, and what it follows from.

        The mean sign of the logits of data is taken over as many batches as come between two
        changes; from the middle of the two sides' means where a game has no decision of its own.
        """
        if not augmentation.is_adaptive(self.augmentation):
            return {}
        decision: Any = self.game.decision
        if decision is None:
            decision = 0.5 * (ops.mean(real) + ops.mean(fake))
        sign = ops.stop_gradient(ops.mean(ops.sign(precise(real) - decision)))
        known = (self.augmentation_probability, self.augmentation_signs, self.augmentation_batches)
        probability, signs, batches = map(ops.convert_to_tensor, known)
        signs, batches = signs + sign, batches + 1
        due = batches >= INTERVAL
        rows = ops.shape(batch["data"])[0]
        following = next_probability(
            probability,
            signs / INTERVAL,
            ops.cast(rows, signs.dtype),
            self.ada_target,
            self.ada_images,
        )
        states = {
            "augmentation_probability": ops.where(due, following, probability),
            "augmentation_signs": ops.where(due, ops.zeros_like(signs), signs),
            "augmentation_batches": ops.where(due, ops.zeros_like(batches), batches),
        }
        return {"augmentation": probability, "overfitting": sign, "next": states}

    def real(self, batch: Batch) -> Any:
        """What the discriminator tells samples from: the data."""
        return batch["data"]

    def generate(self, batch: Batch, training: bool) -> Any:
        """Data from the batch's latent, and its labels where the model reads them."""
        return apply(self.generator, batch, training)["data"]

    def discriminate(self, data: Any, batch: Batch, training: bool, side: Side) -> Logs:
        """The discriminator's outputs for data or samples as it sees them."""
        seen = batch | {"data": self.view(data, batch, side)}
        return apply(self.discriminator_network, seen, training)

    def view(self, data: Any, batch: Batch, side: Side) -> Any:
        """Data or samples as the discriminator sees them: augmented, and with instance noise."""
        if self.augmentation:
            low, high = self.value_range
            draws = batch[f"{side}_augmentation"]
            options = {"scale": (high - low) / 2, "centre": (high + low) / 2}
            if augmentation.is_adaptive(self.augmentation):
                options["probability"] = ops.convert_to_tensor(self.augmentation_probability)
            data = augmentation.augment(self.augmentation, data, draws, **options)
        if self.instance_noise:
            left = losses.falling(self.instance_noise, self.instance_noise_steps, batch["step"])
            data = data + left * batch[f"{side}_instance_noise"]
        return data


def with_states(logs: Logs, *more: Logs) -> Logs:
    """The logs with others, and the states of all under `"next"`."""
    states: Logs = {}
    for other in more:
        states |= other.get("next", {})
        logs = logs | other
    return logs | ({"next": states} if states else {})


def with_terms(loss: Any, terms: Terms) -> Logs:
    """The logs of a loss with what is added to it, which the log shows without its weight."""
    for weight, value in terms.values():
        loss = loss + weight * value
    return {"loss": loss, **{name: value for name, (_, value) in terms.items()}}
