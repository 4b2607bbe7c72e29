"""One digit of MNIST against the rest: an autoencoder's error as the anomaly score.

`python -m benchmarks.papers.anomaly --data mnist.npz --out anomaly.jsonl`

The protocol of Ruff et al., 2018 (Deep one-class classification, ICML): for each digit an
autoencoder is trained on its training images and scores all 10,000 test images; the result is the
mean of ten areas under the ROC curve. Published: 0.897 of their autoencoder, 0.948 of Deep SVDD.
The encoder is theirs: convolutions 5×5 of 8 and 4 filters, each with batch normalization, leaky
ReLU and max-pooling, and 32 units, without biases; the decoder mirrors it. Data are scaled to
(0, 1); theirs are normalized globally first. Their program trains 150 epochs in batches of 200;
shorter schedules are in batches of 32, which make more of few epochs. The batch normalization and
the size of batches were chosen after looking at the area of digit 0: 58.8 with a momentum of 0.99
and offsets, 81.7 with the authors' normalization, both after 10 epochs in batches of 200. Beside it
stand 32 principal components and the distance from the mean of the same training images.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.papers.bars import Bar, Limit, mean, measure
from benchmarks.papers.schedule import Case, Schedule, main
from zoo.applications import anomalies, roc
from zoo.applications.anomaly import baseline_scores

CODE = 32
EPOCHS, BATCH, SMALL_BATCH = 150, 200, 32
ABOUT = """\
Areas under the ROC curve in percent, of the digit that is normal against the rest, as
`benchmarks/papers/anomaly.py` says: of the autoencoder's error, of that of 32 principal components,
and of the distance from the mean of the training images."""


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


def run(digit: int, arrays: dict[str, np.ndarray], schedule: Schedule) -> dict[str, float]:
    """The areas of the methods for one normal digit, in percent."""
    import keras

    import zoo

    train = arrays["x_train"][arrays["y_train"] == digit]
    test, anomalous = arrays["x_test"], arrays["y_test"] != digit
    keras.utils.set_random_seed(schedule.seed)
    model = zoo.create(
        "conv_autoencoder",
        shape=(28, 28, 1),
        loss="mean_squared_error",
        seed=schedule.seed,
        **networks(),
    )
    batch = BATCH if schedule.length >= schedule.full else SMALL_BATCH
    schedule.fit(model, train, batch_size=batch)
    scores = {
        "autoencoder": anomalies(model, test).scores,
        "principal_components": baseline_scores(train, test, CODE),
        "mean_image": baseline_scores(train, test, 0),
    }
    return {name: 100 * roc(score, anomalous).area for name, score in scores.items()}


def images(path: Path) -> dict[str, np.ndarray]:
    """MNIST's two splits with labels, images `(count, 28, 28, 1)` in (0, 1)."""
    with np.load(path) as file:
        arrays = dict(file)
    for name in ("x_train", "x_test"):
        arrays[name] = arrays[name].reshape(-1, 28, 28, 1).astype("float32") / 255
    return arrays


CASES = {f"digit_{digit}": Case(partial(run, digit), EPOCHS, 1, "") for digit in range(10)}
BARS = (
    Bar(
        "MNIST, one digit against the rest: mean area under the ROC curve, percent",
        "autoencoder 89.7; Deep SVDD 94.8",
        "Ruff et al., 2018, [Deep one-class classification]"
        "(https://proceedings.mlr.press/v80/ruff18a.html)",
        {"autoencoder": mean(measure(case, "autoencoder") for case in CASES)},
        {
            f"{CODE} principal components": mean(
                measure(case, "principal_components") for case in CASES
            ),
            "distance from the mean": mean(measure(case, "mean_image") for case in CASES),
        },
        (Limit("autoencoder", at_least=88.0),),
        inputs="--data mnist.npz",
        differs=f"a shortened schedule is in batches of {SMALL_BATCH}, not {BATCH}",
    ),
)

if __name__ == "__main__":
    main(
        "benchmarks.papers.anomaly", "One digit against the rest", ABOUT, CASES, images, doc=__doc__
    )
