"""A penalty on the discriminator's slope around the data."""

from zoo.gans.base import Adversarial


class DRAGAN(Adversarial):
    """Deep regret analytic GAN (Kodali et al., 2017, arXiv:1705.07215).

    The norm of the discriminator's gradient is pushed towards 1 at random points near the data, so
    that the game has no bad equilibria there. Weight, noise and the momenta of Adam are those of
    the authors' code; its learning rate is 1e-4, the default one for some thousand steps.
    """

    penalties = {"dragan": 10.0}
    learning_rate = 5e-4
    beta_2 = 0.9
