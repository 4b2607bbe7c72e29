"""Labels as inputs of both networks."""

from zoo.gans.base import Adversarial
from zoo.settings import setting


class CGAN(Adversarial):
    """Conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784).

    Generator and discriminator read the label beside their input: one-hot, as features of vectors
    and as planes of images. Convolutional networks have batch normalization, as in DCGAN (the
    paper's are fully connected): without it they collapse on MNIST.
    """

    num_classes: int = setting("Number of classes.", at_least=1, tiny=10)
