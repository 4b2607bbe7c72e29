"""The gain of a GAN, and of a classifier, of few digits by augmenting in an autoencoder's codes.

`python -m benchmarks.studies.augmented_gan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from benchmarks.studies import arms
from benchmarks.studies.judging import Judge
from zoo.applications.augmentation import augment

STEPS = 2000
PRETRAINING = 600
WIDTH = 16
SAMPLES = 1000
SIZES = (100, 300, 1000)
KINDS = ("none", "shifts", "noise", "interpolation", "masking", "interpolation, deep")
DEEP = {"widths": (128, 64), "latent_dim": 16, "learning_rate": 3e-3}
STRENGTHS = {"noise": 0.5, "interpolation": 0.5, "masking": 0.2}
CONDITIONS = f"""The first 100, 300 or 1,000 of scikit-learn's training digits in an order of \
the seed, as many of each class; measured against 297 held-out digits. `cgan` of width {WIDTH}, \
latent 32, Adam 5e-4, batch 64, {STEPS} steps in all. *shifts*: every digit also moved by one \
pixel in eight directions, as crops of a wider picture are (digits are not flipped: a flipped 2 \
is none); *noise*, \
*interpolation*, *masking*: `augmented_gan` around the same GAN at strengths {STRENGTHS}, ratio \
0.5, with a `vae` (code 16; *interpolation, deep*: a `deep_autoencoder`, ratio 0.25) trained on \
the same few digits in the first {PRETRAINING} of these steps. *distance*: Fréchet, 16 \
principal components, of {SAMPLES} samples; *coverage*: of held-out digits; *accuracy*: of the \
label asked for. A support vector machine is fitted to the few digits (*real*), to these and \
{SAMPLES} samples (*with samples*), and to these and the augmented digits without any GAN \
(*with augmented*), and judged on held-out digits. Mean ± deviation over seeds; *seconds* on \
one core."""
READING = """Augmentation in codes does not help this GAN. At every size the GAN \
without any is nearest to the held-out digits; a deterministic autoencoder and a smaller ratio \
(*interpolation, deep*) come level with it, in distance, coverage and label accuracy, within \
the seeds' deviation, and never ahead. Shifts and differentiable augmentation lose too, shifts \
most, as a pixel is an eighth of the picture, the held-out digits are not moved, and the \
classifier that judges the labels has seen none that are. A likely reason is that 2,000 steps of \
so small a discriminator leave little overfitting to cure, while every augmentation has its \
cost. That of codes is blur, and 600 steps fewer for the GAN: half of the data of the `vae` arms \
are decodings of an autoencoder that has seen few digits, and the GAN learns them. A classifier \
gains nothing either: with the decodings of the deterministic autoencoder it is as good as with \
the real digits alone, at every size, and with those of the `vae` worse by 2 to 13 points of a \
hundred. Samples of no arm help it."""


@cache
def judge() -> Judge:
    """The judge of all arms."""
    return Judge()


def few(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """As many digits of each class, in [0, 1], and their labels."""
    images, labels = judge().train
    order = np.random.default_rng([seed, size]).permutation(len(labels))
    rows = [order[labels[order] == c][: size // 10] for c in range(10)]
    chosen = np.concatenate(rows)
    return images[chosen], labels[chosen]


def shifted(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Images, and each of them moved by one pixel in eight directions."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    size = images.shape[1]
    moved = [padded[:, y : y + size, x : x + size] for y in range(3) for x in range(3)]
    return np.concatenate(moved), np.tile(labels, 9)


def train(arm: arms.Arm, seed: int, quick: bool) -> Mapping[str, float]:
    """Trains one arm; judges its samples, and classifiers that learn from them."""
    import zoo

    share = 10 if quick else 1
    kind, _, deep = arm["augmentation"].partition(", ")
    perturbs = kind in STRENGTHS
    images, labels = few(arm["digits"], seed)
    given = shifted(images, labels) if kind == "shifts" else (images, labels)
    options: dict[str, Any] = {
        "latent_dim": 32,
        "learning_rate": 5e-4,
        "network_options": {"width": WIDTH},
    }
    settings: dict[str, Any] = {"shape": (8, 8, 1), "num_classes": 10, "seed": seed}
    name = "cgan"
    if perturbs:
        name = "augmented_gan"
        settings |= {
            "gan": "cgan",
            "gan_options": options,
            "perturbation": kind,
            "strength": STRENGTHS[kind],
            "pretraining_steps": PRETRAINING // share,
            "autoencoder_options": {"latent_dim": 16, "network_options": {"width": WIDTH}},
        }
        if deep:
            settings |= {"own_autoencoder": "deep_autoencoder", "ratio": 0.25}
            settings["autoencoder_options"] = DEEP
    else:
        settings |= options | ({"augmentation": kind} if kind == "diffaugment" else {})
    model = zoo.create(name, **settings)
    model.fit(2 * given[0] - 1, given[1], steps=STEPS // share, batch_size=64, verbose=0)
    asked = np.arange(SAMPLES) % 10
    samples = 0.5 * (model.sample(SAMPLES, labels=asked, seed=seed) + 1)
    found = judge().measure(samples, asked)
    found["real"] = judge().accuracy_of_a_classifier(images, labels)
    both = np.concatenate([images, samples]), np.concatenate([labels, asked])
    found["with samples"] = judge().accuracy_of_a_classifier(*both)
    if kind == "shifts":
        found["with augmented"] = judge().accuracy_of_a_classifier(*given)
    elif perturbs:
        fields = {"data": 2 * images - 1, "labels": labels}
        made = augment(
            model,
            fields,
            SAMPLES,
            perturbation=kind,
            strength=STRENGTHS[kind],
            seed=seed,
        )
        both = (
            np.concatenate([images, 0.5 * (made["data"] + 1)]),
            np.concatenate([labels, made["labels"]]),
        )
        found["with augmented"] = judge().accuracy_of_a_classifier(*both)
    return found


def main() -> int:
    """Runs the study."""
    import zoo

    kinds = list(KINDS)
    if "augmentation" in zoo.describe("cgan").fields():
        kinds.append("diffaugment")  # Zhao et al., 2020, arXiv:2006.10738
    return arms.run(
        "augmented_gan",
        [{"digits": size, "augmentation": kind} for size in SIZES for kind in kinds],
        train,
        title="A GAN of few digits, with and without augmentation in an autoencoder's codes",
        conditions=CONDITIONS,
        reading=READING,
        about=str(__doc__),
    )


if __name__ == "__main__":
    raise SystemExit(main())
