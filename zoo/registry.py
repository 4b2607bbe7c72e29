"""THE TABLE: every model's name, its class, its paper, and the settings that the row changes."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoo.errors import UnknownModelError

if TYPE_CHECKING:
    from zoo.model import GenerativeModel


@dataclass(frozen=True)
class Row:
    """One model: where its class is, whose idea it is, and which settings the row changes."""

    target: str
    paper: str
    summary: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The folder: `autoencoders`, `gans` or `hybrids`."""
        return self.target.split(".")[1]

    def load(self) -> type[GenerativeModel]:
        """The class; imports Keras and the backend."""
        from zoo import backends

        backends.choose()
        module, _, name = self.target.rpartition(".")
        return getattr(import_module(module), name)


_AUTOENCODERS = "zoo.autoencoders"
_GANS = "zoo.gans"
_HYBRIDS = "zoo.hybrids"

TABLE: dict[str, Row] = {
    "shallow_autoencoder": Row(
        f"{_AUTOENCODERS}.shallow_autoencoder.ShallowAutoencoder",
        "Rumelhart, Hinton & Williams 1986, Nature 323",
        "one hidden layer, weight penalties",
    ),
    "conv_autoencoder": Row(
        f"{_AUTOENCODERS}.conv_autoencoder.ConvAutoencoder",
        "Masci et al. 2011, ICANN",
        "convolution and max-pooling, a map as code",
    ),
    "vae": Row(
        f"{_AUTOENCODERS}.vae.VAE",
        "Kingma & Welling 2013, arXiv:1312.6114",
        "evidence lower bound, reparameterised",
    ),
    "vq_vae": Row(
        f"{_AUTOENCODERS}.vq_vae.VQVAE",
        "van den Oord et al. 2017, arXiv:1711.00937",
        "discrete codes, codebook by moving averages",
    ),
    "gan": Row(
        f"{_GANS}.gan.GAN",
        "Goodfellow et al. 2014, arXiv:1406.2661",
        "the game, minimax or non-saturating",
    ),
    "dcgan": Row(
        f"{_GANS}.dcgan.DCGAN",
        "Radford et al. 2015, arXiv:1511.06434",
        "the convolutional recipe",
    ),
    "wgan_gp": Row(
        f"{_GANS}.wgan_gp.WGANGP",
        "Gulrajani et al. 2017, arXiv:1704.00028",
        "Wasserstein distance, gradient penalty",
    ),
    "cgan": Row(
        f"{_GANS}.cgan.CGAN",
        "Mirza & Osindero 2014, arXiv:1411.1784",
        "labels into both networks",
    ),
    "vae_gan": Row(
        f"{_HYBRIDS}.vae_gan.VAEGAN",
        "Larsen et al. 2015, arXiv:1512.09300",
        "reconstruction in the discriminator's features",
    ),
}


def list_models(pattern: str = "*") -> list[str]:
    """The names that match a shell pattern, in the table's order; imports no backend."""
    wanted = pattern if any(c in pattern for c in "*?[") else f"*{pattern}*"
    return [name for name in TABLE if fnmatch.fnmatchcase(name, wanted)]


def describe(name: str) -> Row:
    """The row of a name.

    Raises:
        UnknownModelError: The table does not hold the name.
    """
    if name not in TABLE:
        near = difflib.get_close_matches(name.lower(), TABLE, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownModelError(f"Unknown model {name!r}.{hint} Accepted: {', '.join(TABLE)}.")
    return TABLE[name]


def create(name: str, **settings: Any) -> GenerativeModel:
    """Makes an untrained model.

    Args:
        name: A row of the table; see `list_models`.
        settings: The constructor's keywords, such as `shape=(28, 28, 1)`, `latent_dim=32`,
            `seed=0`.

    Raises:
        UnknownModelError: The table does not hold the name.
        ModelError: A setting is unknown or out of bounds.
    """
    row = describe(name)
    return row.load()(**{**row.settings, **settings})
