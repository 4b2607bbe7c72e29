"""One hidden layer."""

from __future__ import annotations

from zoo.autoencoders.fully_connected import FullyConnected


class ShallowAutoencoder(FullyConnected):
    """Autoencoder of one hidden layer (Rumelhart, Hinton & Williams, 1986, Nature 323).

    `zoo.create("shallow_autoencoder", shape=(100,))` is 100 → 20 → 100, with a ReLU code, a sigmoid
    and cross-entropy. With a linear activation and squared error the code spans the space of
    the principal components (Baldi & Hornik, 1989, Neural Networks 2).
    """
