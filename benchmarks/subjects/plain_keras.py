"""The VAE trained by Keras's own `train_on_batch`, as by users of Keras alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from benchmarks.subjects.keras import Keras, Outputs, load
from benchmarks.workload.workdir import Workdir


class Trained(keras.Model):
    """A model's networks and the loss of its only phase, in a plain `keras.Model`."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        (self.phase,) = model.phases
        self.networks = list(model.parts().values())

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        """Fields of a batch → the loss, of shape `()`."""
        return self.phase.loss(batch, training)["loss"]

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The result of the call."""
        return y_pred


class PlainKeras(Keras):
    """Training steps by Keras; everything else is not offered."""

    def __init__(self) -> None:
        super().__init__("predict")

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Loads the model, and compiles its training as Keras does."""
        workdir = Workdir(task["folder"])
        model = load(workdir, task["model"])
        trained = Trained(model)
        optimizer = model.phases[0].optimizer
        trained.compile(optimizer=type(optimizer).from_config(optimizer.get_config()))
        ((_, batch),) = workdir.updates(task["batch"])

        def step() -> Outputs:
            return {"loss_0": np.asarray(trained.train_on_batch(batch))}

        return step
