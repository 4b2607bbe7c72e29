"""The standard normal distribution as a prior: the one that most variational models train with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from zoo import losses
from zoo.noise import Noise, normal
from zoo.precision import precise
from zoo.priors.prior import Prior, check_codes


@keras.saving.register_keras_serializable("genzoo")
class NormalPrior(Prior):
    """N(0, I): a code is the noise. It has no weights, and no fit changes it.

    Args:
        dim: Length of a code.
        classes: None: it is the same for all classes.
    """

    @property
    def draws(self) -> Mapping[str, Noise]:
        """Normal noise."""
        return {"code_noise": normal(self.dim)}

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """The noise: `(batch, dim)`."""
        return precise(inputs["code_noise"])

    def log_density_rows(self, code: Any, labels: Any = None) -> Any:
        """Log N(code; 0, I): `(batch,)`, in nats."""
        return losses.log_normal_rows(code)

    def fit(self, codes: np.ndarray, labels: np.ndarray | None = None, *, seed: int = 0) -> None:
        """Checks the codes; nothing is fitted.

        Raises:
            ModelError: There are no codes, or of another length.
        """
        check_codes(codes, self.dim)
