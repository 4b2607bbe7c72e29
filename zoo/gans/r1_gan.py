"""A penalty on the discriminator's slope at the data."""

from zoo.gans.base import Adversarial


class R1GAN(Adversarial):
    """GAN with the R1 penalty (Mescheder et al., 2018, arXiv:1801.04406).

    The squared gradient of the discriminator at data is added with the weight γ/2, which makes the
    game converge near its equilibrium. γ, RMSprop and the average of the weights are the paper's.
    Its residual networks have no normalization, and ours are `conv` ones, of which the
    discriminator's has layer normalization; its learning rate is 1e-4, the default one for some
    thousand steps.
    """

    penalties = {"r1": 10.0}
    optimizer = "rmsprop"
    learning_rate = 5e-4
    ema = 0.999
