"""A normalizing flow as a prior: affine couplings, in closed form both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo import losses
from zoo.layers.initialization import numpy_weights
from zoo.noise import Noise, normal
from zoo.precision import precise, precise_dtype
from zoo.priors.prior import Prior, check_codes, prior_part
from zoo.priors.training import CodeTraining, settings_for, train
from zoo.settings import setting

BOUND = 2.0
"""On the logarithm of a scale: one coupling stretches by e² at most."""


@keras.saving.register_keras_serializable("genzoo")
class FlowPrior(Prior):
    """RealNVP (Dinh et al., 2016, arXiv:1605.08803): noise through affine couplings, then scaled.

    A coupling leaves half of the entries as they are, and maps each of the others, z, to
    z·eˢ + t, with s and t functions of that half; the next coupling takes the other half. Halves
    are random, two hidden layers make s and t, and |s| < 2. At first every coupling is the
    identity. The codes' means and deviations follow the last one. Log density is that of the noise
    less Σ s and Σ log deviation.

    Args:
        dim: Length of a code.
        classes: None: it is the same for all classes.
        couplings: How many.
        width: Units of the hidden layers.
        steps: Of training, at most.
        seed: Of the first weights.
    """

    def __init__(
        self,
        dim: int,
        classes: int | None = None,
        *,
        couplings: int = 8,
        width: int = 64,
        steps: int = 2000,
        seed: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(dim, classes, **options)
        self.couplings, self.width, self.steps, self.seed = couplings, width, steps, seed
        for name, start in {"mean": "zeros", "stddev": "ones"}.items():
            weight = self.add_weight((dim,), start, trainable=False, autocast=False, name=name)
            setattr(self, name, weight)
        self.networks = [self._network(number) for number in range(couplings)]
        self.masks = [_mask(dim, number) for number in range(couplings)]
        self.built = True

    def _network(self, number: int) -> keras.Model:
        """Kept entries → the `scale` and `shift` of all."""
        kept = keras.Input((self.dim,), name="kept")
        options: dict[str, Any] = {"dtype": self.dtype_policy}
        with numpy_weights(self.seed + number):
            hidden = layers.Dense(self.width, "silu", **options)(kept)
            hidden = layers.Dense(self.width, "silu", **options)(hidden)
            made = layers.Dense(2 * self.dim, kernel_initializer="zeros", **options)(hidden)
        return keras.Model(kept, made, name=f"coupling_{number + 1}")

    @property
    def draws(self) -> Mapping[str, Noise]:
        """Normal noise."""
        return {"code_noise": normal(self.dim)}

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """The noise through all couplings, scaled: `(batch, dim)`."""
        code, _ = self.to_code(precise(inputs["code_noise"]))
        return code

    def to_code(self, noise: Any) -> tuple[Any, Any]:
        """The code of noise, and log |det ∂code/∂noise|: `(batch, dim)` and `(batch,)`."""
        mean, stddev = map(ops.convert_to_tensor, (self.mean, self.stddev))
        volume = ops.sum(ops.log(stddev))
        for network, mask in zip(self.networks, self.masks, strict=True):
            scale, shift = self._affine(network, mask, noise)
            noise = noise * ops.exp(scale) + shift
            volume = volume + ops.sum(scale, axis=-1)
        return mean + stddev * noise, volume

    def to_noise(self, code: Any) -> tuple[Any, Any]:
        """The noise of a code, and log |det ∂code/∂noise|: `(batch, dim)` and `(batch,)`."""
        mean, stddev = map(ops.convert_to_tensor, (self.mean, self.stddev))
        noise, volume = (precise(code) - mean) / stddev, ops.sum(ops.log(stddev))
        for network, mask in zip(reversed(self.networks), reversed(self.masks), strict=True):
            scale, shift = self._affine(network, mask, noise)
            noise = (noise - shift) * ops.exp(-scale)
            volume = volume + ops.sum(scale, axis=-1)
        return noise, volume

    def _affine(self, network: keras.Model, mask: np.ndarray, z: Any) -> tuple[Any, Any]:
        """Log scale and shift of each entry; both 0 where the mask is 1."""
        kept = ops.convert_to_tensor(mask, dtype=precise_dtype())
        made = network(z * kept)
        scale = BOUND * ops.tanh(made[:, : self.dim] / BOUND)
        return (1.0 - kept) * scale, (1.0 - kept) * made[:, self.dim :]

    def log_density_rows(self, code: Any, labels: Any = None) -> Any:
        """Log N(noise of the code; 0, I) − log |det|: `(batch,)`, in nats."""
        noise, volume = self.to_noise(code)
        return losses.log_normal_rows(noise) - volume

    def fit(
        self,
        codes: np.ndarray,
        labels: np.ndarray | None = None,
        *,
        seed: int = 0,
        log_variances: np.ndarray | None = None,
    ) -> None:
        """Maximises the likelihood of codes by Adam, until that of held-out ones does not grow.

        Args:
            codes: `(count, dim)`; means, where there are posteriors.
            labels: Not read.
            seed: Of the order of the codes, and of draws.
            log_variances: Of the posteriors, from which each step draws codes; of the same shape.

        Raises:
            ModelError: There are no codes, or of another length.
        """
        codes = check_codes(codes, self.dim)
        spread = codes.var(axis=0)
        if log_variances is not None:
            spread = spread + np.exp(np.asarray(log_variances, "float64")).mean(axis=0)
        least = 1e-8 + 1e-8 * float(spread.mean())
        self.mean.assign(codes.mean(axis=0))
        self.stddev.assign(np.sqrt(np.maximum(spread, least)))
        if self.couplings:
            training = FlowTraining(flow=self, **settings_for(codes, log_variances))
            train(training, codes, log_variances, steps=self.steps, seed=seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("couplings", "width", "steps", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class FlowTraining(CodeTraining):
    """The training of a `FlowPrior`."""

    flow: Any = setting("The prior.")

    def make_network(self) -> keras.Model:
        """The prior as a part, which holds its weights."""
        return prior_part(self.flow)

    def log_density_rows(self, code: Any, training: bool) -> Any:
        """The prior's."""
        return self.flow.log_density_rows(code)


def _mask(dim: int, number: int) -> np.ndarray:
    """1 for the entries that a coupling keeps: a random half, then the other half."""
    order = np.random.default_rng([number // 2]).permutation(dim)
    mask = np.zeros(dim, "float32")
    mask[order[: dim // 2]] = 1.0
    return mask if number % 2 == 0 else 1.0 - mask
