"""How many of the 1,000 classes of stacked MNIST a GAN's samples have.

`python -m benchmarks.papers.stacked_mnist --data mnist.npz --features mnist.onnx --out FILE`

The classifier is made by `zoo features train --data mnist.npz --out mnist.onnx --least 0.99`.

Lin et al., 2017, arXiv:1712.04086, section 4.2 and table 2, after Srivastava et al., 2017,
arXiv:1705.07761: 128,000 images whose three channels are digits of MNIST, drawn from the 70,000 of
both splits; a classifier of 99 % or more tells the digit of each channel of 26,000 samples. Counted
are the triples of digits that occur, of 1,000, and the divergence of their shares from equal ones,
in nats. Published, means of ten runs: 78.9 and 4.50 of a DCGAN, 1,000 and 0.06 of a discriminator
of packs of two. The control is as many real triples.

Known, from the authors' program (github.com/fjxmlzn/PacGAN, VEEGAN_experiment), and so here: a
generator of a fully connected layer to 2×2×512 and transposed convolutions 5×5 of stride 2 and of
256, 128 and 64 channels, with batch normalization and ReLU, and a tanh at the end, though data are
in (0, 1); a discriminator of convolutions 5×5 of stride 2 and of 64, 128, 256 and 512 channels,
leaky ReLU of 0.2, and batch normalization but at the first; weights N(0, 0.02²); latents
U(−1, 1)^100; Adam 2e-4 with β₁ 0.5; batches of 64 packs, 50 epochs of 2,000 steps, one update of
the discriminator to two of the generator.

Other here: the discriminator's weights are not truncated at two deviations, biases before batch
normalization are left out, its moving averages are the zoo's, the generator's updates have latents
of their own and not the discriminator's, packs are drawn anew in each epoch. The authors judge by
their own classifier.

`r3gan` (Huang et al., 2025, arXiv:2501.05441) and its loss without penalties, `relativistic`, play
on the same networks without normalization, with leaky ReLU in both, data in (−1, 1), one update of
each network, and the zoo's settings: Adam 5e-4 with β₁ 0 and β₂ 0.9, γ 1, averaged weights. That
all modes are kept is published; its networks, γ and schedule for stacked MNIST are not known here,
nor is its divergence.

`--quick` makes networks of a quarter of the width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.papers.bars import Bar, Limit, measure
from benchmarks.papers.schedule import Case, Schedule, main
from zoo.errors import DataError
from zoo.gans.dcgan import DCGAN
from zoo.gans.pac_gan import PacGAN
from zoo.gans.r3gan import R3GAN
from zoo.metrics.features import Features, Network

TRIPLES, SAMPLES, BATCH, LATENT = 128_000, 26_000, 64, 100
FULL = 50 * TRIPLES // BATCH
WIDTH, QUICK_WIDTH, DEPTH, KERNEL = 64, 16, 4, 5
CLASSES = 1000
LEAST = 0.99
"""The classifier's accuracy on the test images."""
ACCEPTED = f"what `zoo features train --least {LEAST}` writes"
ABOUT = """\
Triples of digits that 26,000 samples have, of 1,000, and the divergence of the shares of all
triples from equal ones, in nats, as `benchmarks/papers/stacked_mnist.py` says; beside them those of
as many real triples, and the accuracy of the classifier that tells the digits, in percent."""


class StackedDCGAN(DCGAN):
    """The authors' DCGAN: two updates of the generator to one of the discriminator."""

    value_range = (0.0, 1.0)
    output = "tanh"

    def assemble(self) -> None:
        super().assemble()
        *others, generator = self.phases
        self.phases = [*others, replace(generator, repeat=2)]


class StackedPacGAN(PacGAN, StackedDCGAN):
    """The same with a discriminator of packs."""


def dcgan(shape: tuple[int, ...], width: int, seed: int) -> StackedDCGAN:
    """A DCGAN."""
    return StackedDCGAN(**_settings(shape, seed), width=width, kernel=KERNEL)


def pac_2(shape: tuple[int, ...], width: int, seed: int) -> StackedPacGAN:
    """A DCGAN whose discriminator reads packs of two."""
    return StackedPacGAN(**_settings(shape, seed), width=width, kernel=KERNEL, packing=2)


def r3gan(shape: tuple[int, ...], width: int, seed: int, **settings: Any) -> R3GAN:
    """R3GAN on networks of the same size."""
    own = _settings(shape, seed)
    own["network_options"] |= {"width": width, "kernel": KERNEL}
    return R3GAN(**own, **settings)


def relativistic(shape: tuple[int, ...], width: int, seed: int) -> R3GAN:
    """R3GAN's loss without its penalties."""
    return r3gan(shape, width, seed, penalties={})


def _settings(shape: tuple[int, ...], seed: int) -> dict[str, Any]:
    return {
        "shape": shape,
        "latent_dim": LATENT,
        "network_options": {"depth": DEPTH},
        "seed": seed,
    }


def triples(digits: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Images whose channels are digits that are drawn with replacement.

    Args:
        digits: uint8 `(rows, height, width)`.
        count: How many images are made.
        seed: Of the draws.

    Returns:
        uint8 `(count, height, width, 3)`.
    """
    chosen = np.random.default_rng(seed).integers(len(digits), size=(3, count))
    return np.stack([digits[rows] for rows in chosen], axis=-1)


def classes(images: np.ndarray, classifier: Features) -> np.ndarray:
    """The numbers, from 0 to 999, that a classifier reads off the channels.

    Args:
        images: `(count, height, width, 3)` in the units of the classifier, (0, 1).
        classifier: Gives the logits of ten digits, of images of one channel.

    Raises:
        DataError: It gives no logits.
    """
    first, second, third = (
        _digits(images[..., channel : channel + 1], classifier) for channel in range(3)
    )
    return 100 * first + 10 * second + third


def _digits(images: np.ndarray, classifier: Features) -> np.ndarray:
    logits = classifier.extract(images).logits
    if logits is None:
        raise DataError(
            "The classifier gives the logits of ten digits. "
            f"Received: {classifier.name}, without logits. Accepted: {ACCEPTED}."
        )
    return np.argmax(logits, axis=1)


def judge(found: np.ndarray) -> dict[str, float]:
    """How many classes occur, and KL(their shares ‖ equal shares) in nats.

    Args:
        found: The class of each sample `(count,)`.
    """
    shares = np.bincount(found, minlength=CLASSES) / len(found)
    held = shares[shares > 0]
    return {
        "modes": float(len(held)),
        "divergence": float(np.sum(held * np.log(held * CLASSES))),
    }


def require_accuracy(classifier: Features, images: np.ndarray, labels: np.ndarray) -> float:
    """The classifier's accuracy.

    Args:
        classifier: Gives the logits of digits.
        images: uint8 `(count, height, width)`.
        labels: The digits `(count,)`.

    Raises:
        DataError: It has no logits, or it is right less often than the protocol asks.
    """
    accuracy = float(np.mean(_digits(_scaled(images[..., None]), classifier) == labels))
    if accuracy < LEAST:
        raise DataError(
            f"The classifier's accuracy on the test images is {LEAST} or more. "
            f"Received: {accuracy:.4f} of {classifier.name}. Accepted: {ACCEPTED}."
        )
    return accuracy


def _scaled(images: np.ndarray) -> np.ndarray:
    return images.astype("float32") / 255


def run(
    create: Callable[[tuple[int, ...], int, int], Any], arrays: dict[str, Any], schedule: Schedule
) -> dict[str, float]:
    """The trained generator's samples, and as control as many real triples."""
    digits, classifier = arrays["digits"], arrays["classifier"]
    width = QUICK_WIDTH if schedule.quick else WIDTH
    model = create((*digits.shape[1:], 3), width, schedule.seed)
    packs = getattr(model, "packing", 1)
    data = triples(digits, TRIPLES, schedule.seed)
    schedule.fit(model, data, unit="steps", batch_size=packs * BATCH)
    low, high = model.value_range
    samples = (model.sample(SAMPLES, seed=schedule.seed) - low) / (high - low)
    real = _scaled(triples(digits, SAMPLES, TRIPLES + schedule.seed))
    control = judge(classes(real, classifier))
    return (
        judge(classes(samples, classifier))
        | {f"data_{name}": value for name, value in control.items()}
        | {"classifier_accuracy": 100 * arrays["accuracy"]}
    )


def load(data: Path, features: Path) -> dict[str, Any]:
    """The digits of both splits, and the classifier.

    Args:
        data: An .npz of `x_train`, `y_train`, `x_test` and `y_test`, images in bytes.
        features: What `zoo features train` writes.

    Raises:
        DataError: The classifier cannot be used.
    """
    with np.load(data) as file:
        arrays = {name: file[name] for name in ("x_train", "x_test", "y_test")}
    classifier = Network(features)
    return {
        "digits": np.concatenate([arrays["x_train"], arrays["x_test"]]),
        "classifier": classifier,
        "accuracy": require_accuracy(classifier, arrays["x_test"], arrays["y_test"]),
    }


GAMES = {"dcgan": dcgan, "pac_2": pac_2, "r3gan": r3gan, "relativistic": relativistic}
PUBLISHED = {"dcgan": "78.9, 4.50", "pac_2": "1,000, 0.06", "r3gan": "1,000"}
CASES = {
    name: Case(partial(run, create), FULL, 300, PUBLISHED.get(name, ""), "steps")
    for name, create in GAMES.items()
}


def _bar(case: str, published: str, source: str, beside: str, *limits: Limit) -> Bar:
    names = ("modes", "divergence")
    return Bar(
        f"Stacked MNIST, {case}: modes of 1,000 that 26,000 samples have, and divergence in nats",
        published,
        source,
        {name: measure(case, name) for name in names},
        {f"{beside}'s {name}": measure(beside, name) for name in names}
        | {f"data's {name}": measure(case, f"data_{name}") for name in names},
        limits,
        inputs="--data mnist.npz --features mnist.onnx",
    )


BARS = (
    _bar(
        "pac_2",
        f"{PUBLISHED['pac_2']}; a DCGAN {PUBLISHED['dcgan']}",
        "Lin et al., 2017, [arXiv:1712.04086](https://arxiv.org/abs/1712.04086)",
        "dcgan",
        Limit("modes", at_least=990),
        Limit("divergence", at_most=0.15),
    ),
    _bar(
        "r3gan",
        f"{PUBLISHED['r3gan']} modes; without the penalties it diverges or drops modes",
        "Huang et al., 2025, [arXiv:2501.05441](https://arxiv.org/abs/2501.05441)",
        "relativistic",
        Limit("modes", at_least=990),
    ),
)

if __name__ == "__main__":
    main(
        "benchmarks.papers.stacked_mnist",
        "Modes of stacked MNIST",
        ABOUT,
        CASES,
        load,
        doc=__doc__,
        files={"features": "an .onnx file of `zoo features train` on the same digits"},
    )
