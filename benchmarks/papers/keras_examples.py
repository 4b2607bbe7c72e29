"""Keras's own examples on MNIST: a convolutional and a denoising autoencoder, and a VAE.

`python -m benchmarks.papers.keras_examples autoencoder --data mnist.npz --out keras_examples.jsonl`

Results are records, one for each example and backend; `keras_examples.md` beside them has them all.

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

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records.environment import sentence
from zoo.data import as_data, paired
from zoo.files import write_atomically

BATCH = 128
PUBLISHED = {
    "autoencoder": "0.0648 after 10 epochs, 0.0622 after 50",
    "denoising": "0.0868 after 10 epochs",
    "vae": "145.78 + 6.54 after 10 epochs, 140.15 + 6.80 after 30",
}


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
    inside = data[(data > 0) & (data < 1)].astype("float64")
    terms = inside * np.log(inside) + (1 - inside) * np.log1p(-inside)
    return float(-terms.sum() / data.size)


def cross_entropy(data: np.ndarray, made: np.ndarray) -> float:
    """The cross-entropy of data and probabilities, a mean over pixels; Keras cuts them at 1e-7."""
    p = np.clip(made.astype("float64"), 1e-7, 1 - 1e-7)
    return float(-(data * np.log(p) + (1 - data) * np.log1p(-p)).mean())


def autoencoder(arrays: dict[str, np.ndarray], epochs: int, seed: int) -> dict[str, float]:
    """The test images' cross-entropy, its floor, and that of the mean image."""
    import zoo

    model = zoo.create("conv_autoencoder", shape=(28, 28, 1), seed=seed)
    model.fit(arrays["train"], epochs=epochs, batch_size=BATCH, verbose=0)
    test = arrays["test"]
    return _compared(test, model.reconstruct(test), arrays["train"])


def denoising(arrays: dict[str, np.ndarray], epochs: int, seed: int) -> dict[str, float]:
    """The same, of what is made of noisy images."""
    import zoo

    drawn = np.random.default_rng(seed)
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
        seed=seed,
    )
    pairs = paired(as_data(noisy["train"]), target=arrays["train"])
    model.fit(pairs, epochs=epochs, batch_size=BATCH, verbose=0)
    made = model.use("denoise", data=noisy["test"])["clean"]
    return _compared(arrays["test"], made, arrays["train"])


def _compared(test: np.ndarray, made: np.ndarray, train: np.ndarray) -> dict[str, float]:
    mean = np.broadcast_to(train.mean(axis=0), test.shape)
    return {
        "cross_entropy": cross_entropy(test, made),
        "floor": entropy(test),
        "mean_image": cross_entropy(test, mean),
    }


def vae(arrays: dict[str, np.ndarray], epochs: int, seed: int) -> dict[str, float]:
    """The means over the last epoch of reconstruction and divergence."""
    import zoo

    model = zoo.create("vae", shape=(28, 28, 1), latent_dim=2, seed=seed, **networks(seed))
    every = np.concatenate(list(arrays.values()))
    history = model.fit(every, epochs=epochs, batch_size=BATCH, verbose=0)
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


EXAMPLES = {"autoencoder": autoencoder, "denoising": denoising, "vae": vae}


def page(records: list[dict[str, Any]]) -> str:
    """The records as a page."""
    lines = [
        "# Keras's own examples",
        "",
        ABOUT,
        "",
        "| example | backend | epochs | here | floor | mean image | published |",
        "|---|---|---|---|---|---|---|",
    ]
    for record in records:
        found = record["result"]
        if "cross_entropy" in found:
            here = f"{found['cross_entropy']:.4f}"
            beside = f"{found['floor']:.4f} | {found['mean_image']:.4f}"
        else:
            here = f"{found['reconstruction']:.2f} + {found['divergence']:.2f}"
            beside = " | "
        lines.append(
            f"| {record['example']} | {record['backend']} | {record['epochs']} | {here} | {beside} "
            f"| {PUBLISHED[record['example']]} |"
        )
    return "\n".join([*lines, "", *sorted({record["conditions"] for record in records})]) + "\n"


def main() -> None:
    """Runs one example on one backend, and adds its record."""
    import keras

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("example", choices=EXAMPLES)
    parser.add_argument("--data", type=Path, required=True, help="an .npz with MNIST's arrays")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="a file of records, .jsonl")
    options = parser.parse_args()
    result = EXAMPLES[options.example](images(options.data), options.epochs, options.seed)
    record = {
        "example": options.example,
        "backend": keras.backend.backend(),
        "epochs": options.epochs,
        "seed": options.seed,
        "result": result,
        "conditions": sentence(
            "python -m benchmarks.papers.keras_examples EXAMPLE "
            f"--data {options.data.name} --epochs {options.epochs} --seed {options.seed}"
        ),
    }
    print(json.dumps(record["result"]))
    if options.out is None:
        return
    kept = options.out.read_text().splitlines() if options.out.exists() else []
    records = [*map(json.loads, kept), record]
    lines = [json.dumps(one) for one in records]
    write_atomically(options.out, "\n".join(lines) + "\n")
    write_atomically(options.out.with_suffix(".md"), page(records))


if __name__ == "__main__":
    main()
