"""Several hidden layers."""

from __future__ import annotations

from zoo.autoencoders.fully_connected import FullyConnected
from zoo.settings import setting


class DeepAutoencoder(FullyConnected):
    """Autoencoder of several hidden layers (Hinton & Salakhutdinov, 2006, Science 313).

    Data → `widths` → code → `widths` reversed → data;
    `zoo.create("deep_autoencoder", shape=(784,))` is 784 → 64 → 32 → 64 → 784. The paper's is
    `widths=(1000, 500, 250), latent_dim=30, hidden_activation="sigmoid"`. As there, the code is
    linear and the loss cross-entropy; in place of its pretraining by Boltzmann machines there are
    ReLU and Adam.
    """

    widths: tuple[int, ...] = setting(
        "Units of the hidden layers between data and code, from the data on.",
        default=(64,),
        at_least=1,
        tiny=(8,),
    )
    hidden_activation: str = setting("Of the hidden layers but the code.", default="relu")
    latent_dim = 32
    activation = "linear"
