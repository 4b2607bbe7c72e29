"""One digit of MNIST against the rest: an autoencoder's error as the anomaly score.

`python -m benchmarks.papers.anomaly --data mnist.npz --epochs 150 --out anomaly.md`

The protocol of Ruff et al., 2018 (Deep one-class classification, ICML): for each digit an
autoencoder is trained on its training images and scores all 10,000 test images; the result is the
mean of ten areas under the ROC curve. Published: 0.897 of their autoencoder, 0.948 of Deep SVDD.
The encoder is theirs: convolutions 5×5 of 8 and 4 filters, each with batch normalization, leaky
ReLU and max-pooling, and 32 units, without biases; the decoder mirrors it. Data are scaled to
(0, 1); theirs are normalized globally first. Their batches are of 200; smaller ones make more of
few epochs. Beside it stand 32 principal components and the distance from the mean of the same
training images.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records.environment import sentence
from zoo.applications import anomalies, roc
from zoo.applications.anomaly import baseline_scores
from zoo.files import write_atomically

CODE = 32
METHODS = ("autoencoder", f"PCA of {CODE}", "mean")


def networks() -> dict[str, Any]:
    """Encoder and decoder of LeNet's kind."""
    import keras
    from keras import layers

    def block(x: Any) -> Any:
        # PyTorch's momentum of 0.1 is Keras's of 0.9.
        normal = layers.BatchNormalization(momentum=0.9, epsilon=1e-4, center=False, scale=False)
        return layers.LeakyReLU(0.01)(normal(x))

    data = keras.Input((28, 28, 1), name="data")
    x = data
    for filters in (8, 4):
        x = block(layers.Conv2D(filters, 5, padding="same", use_bias=False)(x))
        x = layers.MaxPooling2D(2)(x)
    code = layers.Dense(CODE, use_bias=False)(layers.Flatten()(x))
    latent = keras.Input((CODE,), name="latent")
    y = layers.UpSampling2D(2)(layers.Reshape((4, 4, CODE // 16))(latent))
    for filters, crop in ((4, ((0, 1), (0, 1))), (8, ((0, 0), (0, 0)))):
        y = block(layers.Conv2D(filters, 5, padding="same", use_bias=False)(y))
        y = layers.UpSampling2D(2)(layers.Cropping2D(crop)(y))
    made = layers.Conv2D(1, 5, padding="same", use_bias=True)(y)
    return {
        "encoder": keras.Model({"data": data}, {"code": code}),
        "decoder": keras.Model({"latent": latent}, {"data": made}),
    }


def areas_of(
    digit: int, arrays: dict[str, np.ndarray], epochs: int, batch_size: int, seed: int
) -> list[float]:
    """The areas of the methods for one normal digit."""
    import keras

    import zoo

    train = arrays["x_train"][arrays["y_train"] == digit]
    test, anomalous = arrays["x_test"], arrays["y_test"] != digit
    keras.utils.set_random_seed(seed)
    model = zoo.create(
        "conv_autoencoder", shape=(28, 28, 1), loss="mean_squared_error", seed=seed, **networks()
    )
    model.fit(train, epochs=epochs, batch_size=batch_size, verbose=0)
    scores = [
        anomalies(model, test).scores,
        baseline_scores(train, test, CODE),
        baseline_scores(train, test, 0),
    ]
    return [roc(score, anomalous).area for score in scores]


def main() -> None:
    """Runs the ten trainings and writes the table."""
    import keras

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="an .npz with MNIST's arrays")
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--batch-size", type=int, default=200)
    parser.add_argument("--digits", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with np.load(options.data) as file:
        arrays = dict(file)
    for name in ("x_train", "x_test"):
        arrays[name] = arrays[name].reshape(-1, 28, 28, 1).astype("float32") / 255
    rows = []
    for digit in options.digits:
        rows.append(areas_of(digit, arrays, options.epochs, options.batch_size, options.seed))
        print(digit, *(f"{area:.3f}" for area in rows[-1]), flush=True)
    lines = [
        "# One digit against the rest",
        "",
        sentence(
            f"KERAS_BACKEND={keras.backend.backend()} python -m benchmarks.papers.anomaly "
            f"--data {options.data.name} --epochs "
            f"{options.epochs} --batch-size {options.batch_size} --seed {options.seed}"
        ),
        "",
        f"| normal | {' | '.join(METHODS)} |",
        "|---|---|---|---|",
        *(
            f"| {digit} | {' | '.join(f'{100 * area:.1f}' for area in row)} |"
            for digit, row in zip(options.digits, rows, strict=True)
        ),
        f"| mean | {' | '.join(f'{100 * area:.1f}' for area in np.mean(rows, axis=0))} |",
        "",
        "Areas under the ROC curve, in percent. Published (Ruff et al., 2018): autoencoder 89.7, "
        "Deep SVDD 94.8; their code trains 150 epochs in batches of 200.",
    ]
    if options.out is not None:
        write_atomically(options.out, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
