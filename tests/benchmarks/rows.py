"""Rows of made-up runs."""

import json

import numpy as np

from benchmarks.records.schema import (
    ColdStart,
    Conditions,
    Cost,
    Done,
    Export,
    Failure,
    Operators,
    SubjectInfo,
    Timing,
)
from benchmarks.tasks import PEAK
from benchmarks.workload import roofline

KINDS = {
    "tensorflow-function": "compiled",
    "torch-predict": "predict",
    "torch-eager": "compiled",
    "jax-jit": "compiled",
    "onnxruntime": "onnx",
    "plain-torch": "plain",
}
SPEED = {
    "tensorflow-function": 3.0,
    "torch-predict": 9.0,
    "torch-eager": 2.0,
    "jax-jit": 4.0,
    "onnxruntime": 1.0,
    "plain-torch": 1.8,
}


def made_up_run(*, factors=None, models=("vae", "dcgan"), batches=(1, 8, 64), seed=0):
    """A run in which each subject is `SPEED` times as slow as ONNX Runtime, times its factor."""
    rng = np.random.default_rng([seed])
    rows = [
        Conditions(
            processor="a <processor> & more",
            cores=2,
            threads=2,
            device="cpu",
            versions={"onnxruntime": "1"},
            plan={"rounds": 15, "round_seconds": 0.1},
        )
    ]
    rows += [SubjectInfo(subject=name, type=kind) for name, kind in KINDS.items()]
    for name, batch in roofline.BATCHES.items():
        flops, moved = roofline.work(name, batch)
        rows.append(_cost(PEAK, name, batch, flops, moved))
        rows.append(_time(PEAK, name, batch, "jax-jit", max(flops / 1e11, moved / 1e10), rng))
    for model in models:
        for workload in ("train_step", "sample"):
            for batch in batches:
                rows.append(_cost(model, workload, batch, 1e7 * batch, 1e6 + 1e4 * batch))
                for name, slow in SPEED.items():
                    if workload == "train_step" and name in ("onnxruntime", "torch-predict"):
                        continue
                    seconds = 5e-4 * batch**0.8 * slow * (factors or {}).get(name, 1.0)
                    rows.append(_time(model, workload, batch, name, seconds, rng))
    rows += [
        Operators(
            **_task("dcgan", "sample", 64),
            subject="onnxruntime",
            fastest="torch-eager",
            seconds={"Conv": 3e-3, "Gemm": 1e-3},
        ),
        ColdStart(
            **_task("vae", "sample", 1),
            subject="onnxruntime",
            start=0.3,
            load=0.01,
            first=0.002,
            peak_memory=6e7,
        ),
        Export(
            model="vae",
            part="decoder",
            route="direct",
            seconds={"convert": 0.1},
            nodes=9,
            bytes=931984,
            tolerance_used=0.07,
        ),
        Failure(of="time", **_task("vae", "sample", 1), subject="broken", error="a < b | c"),
    ]
    return rows


def write_rows(path, *units):
    """Writes complete units: each a name and its rows."""
    done = [[*rows, Done(unit=unit)] for unit, rows in units]
    path.write_text("".join(json.dumps(row.to_json()) + "\n" for rows in done for row in rows))


def _task(model, workload, batch):
    return {"model": model, "workload": workload, "batch": batch}


def _cost(model, workload, batch, flops, moved):
    task = _task(model, workload, batch)
    return Cost(**task, flops=flops, bytes=moved, traffic=2 * moved)


def _time(model, workload, batch, subject, seconds, rng):
    rounds = list(seconds * np.exp(0.02 * rng.standard_normal(15)))
    facts = {"subject": subject, "load": 0.1, "first": 0.2, "calls": 3, "best": min(rounds)}
    return Timing(**_task(model, workload, batch), **facts, rounds=rounds)
