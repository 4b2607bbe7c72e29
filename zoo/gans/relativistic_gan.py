"""Data should look more real than samples do on average, and the other way round."""

from zoo.gans.base import Adversarial


class RelativisticGAN(Adversarial):
    """Relativistic average GAN, RaSGAN (Jolicoeur-Martineau, 2018, arXiv:1807.00734).

    The discriminator compares each datum with the mean sample, and each sample with the mean datum;
    the generator wants the reverse of both. The other games of the paper are settings:
    `relativistic` (row by row), `relativistic_hinge`, `relativistic_least_squares`.
    """

    loss = "relativistic_average"
