"""A model and the files that its subjects share, made once; runs where Keras is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import zoo
from benchmarks.records.schema import ModelInfo
from benchmarks.tasks import PEAK, TRAIN
from benchmarks.workload import roofline
from benchmarks.workload.settings import settings_of
from benchmarks.workload.uses import Inputs, distinct
from benchmarks.workload.weights import named_weights, randomize_statistics
from benchmarks.workload.workdir import ROWS, SEED, Workdir


def offer(model_name: str, overrides: Mapping[str, Any]) -> dict[str, list[str]]:
    """The workloads of a model: all that can be timed, and those that are timed by default."""
    model = zoo.create(model_name, **settings_of(model_name, overrides))
    table = model.table()
    weighted = [name for name, part in model.parts().items() if part.weights]
    training = [TRAIN] if model.phases else []
    return {
        "workloads": [*training, *table],
        "default": [*training, *distinct(table, weighted)],
    }


def prepare(
    workdir: Workdir, model_name: str, overrides: Mapping[str, Any], workloads: Sequence[str]
) -> ModelInfo:
    """Makes a model and fills its folder.

    Args:
        workdir: The folder.
        model_name: A model that `zoo.registry.describe` knows, or `PEAK`.
        overrides: Settings that replace the usual ones.
        workloads: Those that are timed.
    """
    workdir.folder.mkdir(parents=True, exist_ok=True)
    if model_name == PEAK:
        return _prepare_peaks(workdir)
    model = zoo.create(model_name, **settings_of(model_name, overrides))
    rng = np.random.default_rng([SEED])
    randomize_statistics(model.parts(), rng)
    uses = {name: use for name, use in model.table().items() if name in workloads}
    inputs = Inputs(model, ROWS, rng)
    parts = {name: model.parts()[name] for use in uses.values() for name in use.parts}
    workdir.write(
        uses=uses,
        inputs={name: inputs.of_use(name) for name in uses},
        updates=inputs.of_training() if TRAIN in workloads else [],
        weights={name: named_weights(part) for name, part in model.parts().items()},
        settings=model.settings,
    )
    model.save(workdir.model)
    return ModelInfo(
        model=model_name,
        workloads=list(workloads),
        parts=list(parts),
        shape=list(model.shape),
        weights={name: part.count_params() for name, part in model.parts().items()},
        file=workdir.model.stat().st_size,
    )


def _prepare_peaks(workdir: Workdir) -> ModelInfo:
    parts = roofline.parts()
    rng = np.random.default_rng([SEED])
    inputs = {
        name: {
            port: rng.random((ROWS, *tensor.shape[1:]), dtype=np.float32)
            for port, tensor in part.input.items()
        }
        for name, part in parts.items()
    }
    uses = {name: roofline.use(name, part) for name, part in parts.items()}
    workdir.write(uses=uses, inputs=inputs, updates=[], weights={}, settings={})
    return ModelInfo(model=PEAK, workloads=list(parts), parts=list(parts))
