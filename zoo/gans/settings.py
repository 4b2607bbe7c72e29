"""The settings that GANs have in common: what they play for, and the aids of their training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import keras

from zoo import augmentation
from zoo.losses.adversarial import GAMES
from zoo.losses.penalties import PENALTIES
from zoo.model.settings import Rate
from zoo.settings import Settings, setting

COUPLING = ("batch", "conditional")
"""Normalizations by which a logit depends on the other rows of its batch."""


class AdversarialSettings(Settings):
    """Losses, penalties, augmentation and training aids, which combine freely."""

    if TYPE_CHECKING:
        shape: tuple[int, ...]
        network_options: dict
        require: Callable[..., None]

    latent_dim: int = setting("Length of the latent.", default=100, at_least=1, tiny=4)
    loss: Literal[
        "non_saturating",
        "minimax",
        "hinge",
        "least_squares",
        "wasserstein",
        "relativistic",
        "relativistic_average",
        "relativistic_hinge",
        "relativistic_least_squares",
    ] = setting("What the two networks play for.", default="non_saturating")
    penalties: dict = setting(
        "Penalties on the discriminator's slope, name → weight: r1, r2, zero_centred, gradient "
        "(WGAN-GP's), dragan.",
        default={},
    )
    penalty_interval: int = setting(
        "Steps from one update by the penalties to the next, which multiply their weights.",
        default=1,
        at_least=1,
    )
    augmentation: tuple[str, ...] | str | None = setting(
        "What the discriminator sees data and samples through: color, translation, cutout, flip, "
        "crop, or diffaugment, the first three; or ada, whose probability adapts itself.",
        default=None,
    )
    ada_target: float = setting(
        "Of ada: the mean sign of the logits of data, above which its probability grows.",
        default=0.6,
        above=-1,
        below=1,
    )
    ada_images: int = setting(
        "Of ada: data in which its probability goes from 0 to 1.", default=500_000, at_least=1
    )
    label_smoothing: float = setting(
        "What the label of data falls short of 1, in the losses of the original game.",
        default=0.0,
        at_least=0,
        below=1,
    )
    instance_noise: float = setting(
        "Standard deviation of noise on all that the discriminator sees.", default=0.0, at_least=0
    )
    instance_noise_steps: int | None = setting(
        "Steps in which that noise falls to 0; None for noise that stays.",
        default=None,
        at_least=1,
    )
    top_k: float = setting(
        "Share of its samples, those with the highest logits, that the generator learns from.",
        default=1.0,
        above=0,
        at_most=1,
    )
    feature_matching: float = setting(
        "Weight of the squared distance between the discriminator's mean features of data and of "
        "samples, in the generator's loss.",
        default=0.0,
        at_least=0,
    )
    orthogonal: float = setting(
        "Weight of the orthogonal regularization of the generator's kernels: of the squared "
        "products of any two filters of a layer.",
        default=0.0,
        at_least=0,
    )
    learning_rate: Rate = setting("Of the generator's optimizer.", default=2e-4, above=0)
    discriminator_learning_rate: Rate | None = setting(
        "Of the discriminator's optimizer; by default the same.", default=None, above=0
    )
    beta_1: float = setting("Of both Adams.", default=0.5, at_least=0, below=1)
    beta_2: float = setting("Of both Adams.", default=0.999, at_least=0, below=1)
    discriminator_steps: int = setting(
        "Updates of the discriminator per update of the generator.", default=1, at_least=1
    )
    generator: keras.Model = setting("Latent → data, without an output activation.", default=None)
    discriminator: keras.Model = setting("Data → logit.", default=None)

    @property
    def weights_of_penalties(self) -> dict[str, float]:
        """The penalties in use: name → weight."""
        return {name: weight for name, weight in self.penalties.items() if weight}

    def check_pieces(self) -> None:
        """Checks that the pieces exist and go together.

        Raises:
            ModelError: They do not.
        """
        self._check_penalties(self.penalties)
        drawn = augmentation.number_of_draws(self.augmentation, self.shape)
        self.require(
            not drawn or len(self.shape) > 1,
            "augmentation is of images and sequences",
            augmentation=self.augmentation,
            shape=self.shape,
        )
        self.require(
            not augmentation.is_adaptive(self.augmentation) or len(self.shape) == 3,
            "the augmentation ada is of images",
            augmentation=self.augmentation,
            shape=self.shape,
        )
        self.require(
            not self.label_smoothing or self.loss in ("non_saturating", "minimax"),
            "label_smoothing is of the losses non_saturating and minimax",
            label_smoothing=self.label_smoothing,
            loss=self.loss,
        )
        self.require(
            self.top_k == 1 or not GAMES[self.loss].compares,
            "top_k is of losses that judge each sample by itself",
            top_k=self.top_k,
            loss=self.loss,
        )

    def _check_penalties(self, chosen: Mapping[str, Any]) -> None:
        for name, weight in chosen.items():
            self.require(
                name in PENALTIES,
                f"a penalty is one of {', '.join(PENALTIES)}",
                penalties=chosen,
            )
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            self.require(
                number and weight >= 0, "a penalty's weight is at least 0", penalties=chosen
            )
        options = self.network_options
        normalization = options.get("discriminator.normalization", options.get("normalization"))
        self.require(
            normalization not in COUPLING or not self.weights_of_penalties,
            f"{normalization} normalization in the discriminator, or critic, would couple the "
            "samples that a penalty treats separately; set it for the generator alone, "
            "generator.normalization",
            network_options=options,
            penalties=chosen,
        )
