"""Keras's own examples on MNIST: a convolutional and a denoising autoencoder, and a VAE.

`python -m benchmarks.papers.keras_examples autoencoder --data mnist.npz --out keras_examples.jsonl`

- `autoencoder`: keras.io/examples/vision/autoencoder, 28,353 weights, Adam, batches of 128. Its
  cross-entropy of the test images is 0.0648 after 10 epochs and 0.0622 after 50. That of the images
  with themselves, which no model goes below, is subtracted: data between 0 and 1 have an entropy.
- `denoising`: the same network, of images with 0.4·N(0, 1) added and cut to (0, 1); there it goes
  on from the weights above, here it starts anew. Its cross-entropy is 0.0868 after 10 epochs.
- `vae`: keras.io/examples/generative/vae, a latent of two numbers, all 70,000 images, batches of
  128. Its means over an epoch are 145.78 of reconstruction and 6.54 of divergence after 10 epochs,
  140.15 and 6.80 after 30.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.papers.bars import Bar, Limit, Measure, Results, measure
from benchmarks.papers.schedule import Case, Schedule, main
from zoo import metrics
from zoo.data import as_data, paired

BATCH = 128
BACKENDS = ("jax", "tensorflow", "torch")
CROSS_ENTROPIES = {"autoencoder": {10: 0.0648, 50: 0.0622}, "denoising": {10: 0.0868}}
"""Published: case → epochs → cross-entropy of the test images."""
TERMS = {10: (145.78, 6.54), 30: (140.15, 6.80)}
"""Published: epochs → reconstruction and divergence of the variational autoencoder."""
ABOUT = """\
Convolutional and denoising autoencoder, and a variational one with a latent of two numbers, on
MNIST, as `benchmarks/papers/keras_examples.py` says: networks, optimizer and batches are the
examples'. Cross-entropies are means over pixels of the 10,000 test images; *floor* is the entropy
of the pixels themselves, *mean image* the cross-entropy of the training images' mean. The
variational autoencoder's terms are means over its last epoch, in nats."""


def images(path: Path) -> dict[str, np.ndarray]:
    """MNIST's two splits, `(count, 28, 28, 1)` in (0, 1)."""
    with np.load(path) as file:
        return {
            name: file[f"x_{name}"].reshape(-1, 28, 28, 1).astype("float32") / 255
            for name in ("train", "test")
        }


def entropy(data: np.ndarray) -> float:
    """The cross-entropy of data with themselves, a mean over pixels."""
    return metrics.entropy_floor(data) * len(data) / data.size


def cross_entropy(data: np.ndarray, made: np.ndarray) -> float:
    """The cross-entropy of data and probabilities, a mean over pixels; Keras cuts them at 1e-7."""
    return metrics.cross_entropy(data, made) * len(data) / data.size


def autoencoder(arrays: dict[str, np.ndarray], schedule: Schedule) -> dict[str, float]:
    """The test images' cross-entropy, its floor, and that of the mean image."""
    import zoo

    model = zoo.create("conv_autoencoder", shape=(28, 28, 1), seed=schedule.seed)
    schedule.fit(model, arrays["train"], batch_size=BATCH)
    test = arrays["test"]
    return _compared(test, model.reconstruct(test), arrays["train"])


def denoising(arrays: dict[str, np.ndarray], schedule: Schedule) -> dict[str, float]:
    """The same, of what is made of noisy images."""
    import zoo

    drawn = np.random.default_rng(schedule.seed)
    noisy = {
        name: np.clip(data + 0.4 * drawn.standard_normal(data.shape, "float32"), 0, 1)
        for name, data in arrays.items()
    }
    model = zoo.create(
        "denoising_autoencoder",
        shape=(28, 28, 1),
        corruption=None,
        network="conv_pool",
        network_options={"width": 32},
        seed=schedule.seed,
    )
    pairs = paired(as_data(noisy["train"]), target=arrays["train"])
    schedule.fit(model, pairs, batch_size=BATCH)
    made = model.use("denoise", data=noisy["test"])["clean"]
    return _compared(arrays["test"], made, arrays["train"])


def _compared(test: np.ndarray, made: np.ndarray, train: np.ndarray) -> dict[str, float]:
    mean = np.broadcast_to(train.mean(axis=0), test.shape)
    return {
        "cross_entropy": cross_entropy(test, made),
        "floor": entropy(test),
        "mean_image": cross_entropy(test, mean),
    }


def vae(arrays: dict[str, np.ndarray], schedule: Schedule) -> dict[str, float]:
    """The means over the last epoch of reconstruction and divergence."""
    import zoo

    model = zoo.create(
        "vae", shape=(28, 28, 1), latent_dim=2, seed=schedule.seed, **networks(schedule.seed)
    )
    every = np.concatenate(list(arrays.values()))
    history = schedule.fit(model, every, batch_size=BATCH)
    logs = {name: values[-1] for name, values in history.history.items()}
    return {"reconstruction": float(logs["reconstruction"]), "divergence": float(logs["kl"])}


def networks(seed: int) -> dict[str, Any]:
    """Encoder and decoder of the example of a variational autoencoder."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    shared = {"strides": 2, "padding": "same", "activation": "relu"}
    data = keras.Input((28, 28, 1), name="data")
    x = layers.Conv2D(64, 3, **shared)(layers.Conv2D(32, 3, **shared)(data))
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    outputs = {name: layers.Dense(2)(x) for name in ("mean", "log_variance")}
    latent = keras.Input((2,), name="latent")
    y = layers.Dense(7 * 7 * 64, activation="relu")(latent)
    y = layers.Reshape((7, 7, 64))(y)
    y = layers.Conv2DTranspose(32, 3, **shared)(layers.Conv2DTranspose(64, 3, **shared)(y))
    logits = layers.Conv2DTranspose(1, 3, padding="same")(y)
    return {
        "encoder": keras.Model({"data": data}, outputs),
        "decoder": keras.Model({"latent": latent}, {"data": logits}),
    }


def _after(published: Mapping[int, float | str]) -> str:
    return ", ".join(f"{value} after {epochs} epochs" for epochs, value in published.items())


SUMS = {epochs: f"{one:.2f} + {other:.2f}" for epochs, (one, other) in TERMS.items()}
CASES = {
    "autoencoder": Case(autoencoder, 50, 1, _after(CROSS_ENTROPIES["autoencoder"])),
    "denoising": Case(denoising, 10, 1, _after(CROSS_ENTROPIES["denoising"])),
    "vae": Case(vae, 30, 1, _after(SUMS)),
}


def _excess(case: str, published: float) -> Measure:
    """The cross-entropy above the images' own, as a share of what was published above it."""

    def of(results: Results) -> float:
        found = results[case]
        return (found["cross_entropy"] - found["floor"]) / (published - found["floor"])

    return Measure((case,), of)


def _cross_entropy_bar(case: str, epochs: int, published: float, differs: str = "") -> Bar:
    return Bar(
        f"MNIST, Keras's {WHAT[case]} autoencoder: cross-entropy of test images",
        _after({epochs: published}),
        "Keras's [example](https://keras.io/examples/vision/autoencoder/)",
        {
            "cross-entropy": measure(case, "cross_entropy"),
            "share of the published excess over the floor": _excess(case, published),
        },
        {"floor": measure(case, "floor"), "mean image": measure(case, "mean_image")},
        (Limit("share of the published excess over the floor", at_most=1.15),),
        inputs="--data mnist.npz",
        length=epochs,
        backends=BACKENDS,
        differs=differs,
    )


def _terms_bar(epochs: int) -> Bar:
    near = zip(("reconstruction", "divergence"), TERMS[epochs], (1.5, 0.4), strict=True)
    return Bar(
        "MNIST, Keras's variational autoencoder of two latents: reconstruction and divergence of "
        "an epoch, nats",
        _after({epochs: SUMS[epochs]}),
        "Keras's [example](https://keras.io/examples/generative/vae/)",
        {name: measure("vae", name) for name in ("reconstruction", "divergence")},
        limits=tuple(
            Limit(name, at_least=round(value - within, 2), at_most=round(value + within, 2))
            for name, value, within in near
        ),
        inputs="--data mnist.npz",
        length=epochs,
    )


WHAT = {"autoencoder": "convolutional", "denoising": "denoising"}
BARS = (
    *(
        _cross_entropy_bar("autoencoder", *published)
        for published in CROSS_ENTROPIES["autoencoder"].items()
    ),
    *(
        _cross_entropy_bar(
            "denoising",
            *published,
            "starts anew, where the example's goes on from the autoencoder's weights",
        )
        for published in CROSS_ENTROPIES["denoising"].items()
    ),
    *map(_terms_bar, TERMS),
)

if __name__ == "__main__":
    main(
        "benchmarks.papers.keras_examples",
        "Keras's own examples",
        ABOUT,
        CASES,
        images,
        doc=__doc__,
    )
