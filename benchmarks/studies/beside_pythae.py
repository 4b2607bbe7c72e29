"""One training job by pythae, and by the zoo on each backend.

`python -m benchmarks.studies.beside_pythae --data mnist.npz`, where pythae is installed (it is not
among the requirements). Every training has a process of its own, and the arms take turns. What is
timed is the training call alone, compilation included: imports and the reading of files are not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.records.environment import sentence
from benchmarks.studies.arms import RESULTS
from zoo.files import write_atomically

ARMS = ("pythae", "jax", "tensorflow", "torch")
ROWS, EPOCHS, BATCH = 12_000, 3, 64
LATENT, WIDTH, RATE = 16, 512, 1e-3


def images(data: str) -> np.ndarray:
    """Training images in [0, 1], float32 `(rows, height, width, channels)`."""
    from zoo.data import load_data

    train = load_data(data)[0]
    rows = np.arange(ROWS) % len(train)
    return np.asarray(train.batch(rows, (0.0, 1.0))["data"])


def by_pythae(rows: np.ndarray) -> tuple[Callable[[], None], int]:
    """Its default networks, one hidden layer each, trained by its base trainer."""
    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    rows = np.moveaxis(rows, -1, 1)
    model = VAE(VAEConfig(input_dim=rows.shape[1:], latent_dim=LATENT, reconstruction_loss="bce"))
    data = BaseDataset(torch.from_numpy(np.ascontiguousarray(rows)), torch.zeros(len(rows)))
    folder = TemporaryDirectory()
    config = BaseTrainerConfig(
        output_dir=folder.name,
        num_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        learning_rate=RATE,
        no_cuda=True,
    )
    trainer = BaseTrainer(model, train_dataset=data, training_config=config)

    def train() -> None:
        with folder:
            trainer.train()

    return train, sum(parameter.numel() for parameter in model.parameters())


def by_the_zoo(rows: np.ndarray) -> tuple[Callable[[], None], int]:
    """The same networks, trained by `fit`."""
    import zoo

    model = zoo.create(
        "vae",
        shape=rows.shape[1:],
        network="mlp",
        network_options={"width": WIDTH, "depth": 1},
        latent_dim=LATENT,
        learning_rate=RATE,
    )
    weights = sum(
        int(np.prod(weight.shape)) for part in model.parts().values() for weight in part.weights
    )

    def train() -> None:
        model.fit(rows, epochs=EPOCHS, batch_size=BATCH, verbose=0)

    return train, weights


def measure(arm: str, data: str) -> dict[str, Any]:
    """Trains once in this process: seconds, weights and updates."""
    rows = images(data)
    train, weights = by_pythae(rows) if arm == "pythae" else by_the_zoo(rows)
    start = time.perf_counter()
    train()
    return {"seconds": round(time.perf_counter() - start, 3), "weights": weights}


def measure_apart(arm: str, data: str, threads: int) -> dict[str, Any]:
    """Trains once in a process of its own."""
    backend = "torch" if arm == "pythae" else arm
    limits = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC"), str(threads))
    words = [sys.executable, "-m", "benchmarks.studies.beside_pythae", "--data", data, "--arm", arm]
    finished = subprocess.run(
        words,
        env=os.environ | limits | {"KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": "-1"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(finished.stdout.splitlines()[-1])


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each arm: its fastest round, and how many times as fast as pythae it is."""
    seconds = {arm: [row["seconds"] for row in rows if row["arm"] == arm] for arm in ARMS}
    lines = [
        "| arm | weights | fastest, s | pythae's time over its own: fastest | median of rounds |",
        "|---|---|---|---|---|",
    ]
    for arm in ARMS:
        weights = next(row["weights"] for row in rows if row["arm"] == arm)
        ratios = [a / b for a, b in zip(seconds["pythae"], seconds[arm], strict=True)]
        fastest = min(seconds["pythae"]) / min(seconds[arm])
        lines.append(
            f"| {arm} | {weights:,} | {min(seconds[arm]):.2f} | {fastest:.2f} "
            f"| {float(np.median(ratios)):.2f} |"
        )
    return lines


def page(rows: Sequence[Mapping[str, Any]], threads: int, data: str, version: str) -> str:
    """The results in Markdown, with their conditions."""
    command = f"python -m benchmarks.studies.beside_pythae --data {Path(data).name}"
    whole, rest = divmod(ROWS, BATCH)
    return (
        f"# A VAE by pythae and by the zoo\n\n{sentence(command)}\n\n"
        f"{EPOCHS} epochs of {ROWS:,} images in batches of {BATCH}: {EPOCHS * whole} updates in "
        f"the zoo, {EPOCHS * (whole + (rest > 0))} in pythae {version}, whose epochs "
        f"end with a smaller batch. One hidden layer of {WIDTH}, {LATENT} codes, Adam at {RATE:g}. "
        f"{len(rows) // len(ARMS)} rounds in turn, {threads} threads.\n\n"
        + "\n".join(table(rows))
        + "\n"
    )


def main() -> int:
    """Measures the arms in turn, and writes `results/beside_pythae.jsonl` and `.md`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="digits", help="what is trained on (digits, repeated)")
    parser.add_argument("--rounds", type=int, default=3, help="trainings of each arm (3)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of each arm")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the folder of the results")
    parser.add_argument("--arm", choices=ARMS, help="train this one once, and print the seconds")
    options = parser.parse_args()
    if options.arm:
        print(json.dumps(measure(options.arm, options.data)))
        return 0
    from importlib.metadata import version

    rows = []
    for number in range(options.rounds):
        for arm in ARMS:
            found = measure_apart(arm, options.data, options.threads)
            rows.append({"round": number, "arm": arm, **found})
            print(rows[-1], flush=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    write_atomically(options.out / "beside_pythae.jsonl", lines)
    text = page(rows, options.threads, options.data, version("pythae"))
    write_atomically(options.out / "beside_pythae.md", text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
