"""How much of an output a lower precision keeps, in terms that users know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SSIM_WINDOW = 7
IDENTICAL = 200.0  # decibels, where nothing differs


@dataclass(frozen=True)
class Bound:
    """The bounds of a lower precision, which is rejected beyond them.

    `psnr` and `ssim` are of images, `snr` (signal to noise, decibels) of other floating outputs,
    `agreement` is the share of equal integers.
    """

    psnr: float
    ssim: float
    snr: float
    agreement: float


BOUNDS = {
    "float16": Bound(psnr=50.0, ssim=0.99, snr=40.0, agreement=0.99),
    "bfloat16": Bound(psnr=40.0, ssim=0.98, snr=30.0, agreement=0.97),
    "int8": Bound(psnr=25.0, ssim=0.9, snr=15.0, agreement=0.9),
}
PRECISIONS = ("float32", *BOUNDS)
AUTO = "auto"
"""In place of a precision: that of the fastest certified candidate."""


@dataclass(frozen=True)
class Fidelity:
    """One output in lower precision beside float32; what does not apply to it is None.

    `inputs` is the family that it was measured on: `real` inputs, or draws of the `prior`.
    """

    output: str
    inputs: str | None = None
    psnr: float | None = None
    ssim: float | None = None
    snr: float | None = None
    agreement: float | None = None

    @property
    def described(self) -> str:
        """The output's name, with the inputs that it was measured on."""
        return self.output if self.inputs is None else f"{self.output} on {self.inputs} inputs"

    @property
    def kept(self) -> str:
        """The measures in words: `PSNR 45.3 dB, SSIM 0.9936`."""
        measures = (
            ("PSNR", self.psnr, " dB"),
            ("SSIM", self.ssim, ""),
            ("SNR", self.snr, " dB"),
            ("agreement", self.agreement, ""),
        )
        return ", ".join(
            f"{text} {value:.4g}{unit}" for text, value, unit in measures if value is not None
        )

    def failures(self, bound: Bound) -> list[str]:
        """One line for each measure that is below its bound."""
        return [
            f"{self.described}: {measure} {value:.4g}, at least {least:g} is accepted"
            for measure in ("psnr", "ssim", "snr", "agreement")
            if (value := getattr(self, measure)) is not None
            and not value >= (least := getattr(bound, measure))
        ]


def measure(
    output: str,
    truth: np.ndarray,
    answer: np.ndarray,
    *,
    value_range: tuple[float, float] | None = None,
    inputs: str | None = None,
) -> Fidelity:
    """Measures one output; images are what has four axes and a value range."""
    if np.issubdtype(truth.dtype, np.integer):
        return Fidelity(output, inputs, agreement=float(np.mean(truth == answer)))
    if value_range is None or truth.ndim != 4:
        return Fidelity(output, inputs, snr=signal_to_noise(truth, answer))
    peak = value_range[1] - value_range[0]
    return Fidelity(
        output,
        inputs,
        psnr=peak_signal_to_noise(truth, answer, peak),
        ssim=structural_similarity(truth, answer, peak),
    )


def peak_signal_to_noise(truth: np.ndarray, answer: np.ndarray, peak: float) -> float:
    """PSNR in decibels: 10·log10(peak² / mean squared difference)."""
    return _decibels(peak**2, _mean_square(np.subtract(answer, truth, dtype=np.float64)))


def signal_to_noise(truth: np.ndarray, answer: np.ndarray) -> float:
    """SNR in decibels: 10·log10(mean square / mean squared difference)."""
    noise = _mean_square(np.subtract(answer, truth, dtype=np.float64))
    return _decibels(_mean_square(truth.astype(np.float64)), noise)


def structural_similarity(truth: np.ndarray, answer: np.ndarray, peak: float) -> float:
    """Mean SSIM (Wang et al., 2004) of images `(batch, height, width, channels)`.

    Over square windows of 7 pixels, or of the image's smaller side where that is less, with
    population variances.
    """
    side = min(SSIM_WINDOW, *truth.shape[1:3])
    one, two = (_windows(images, side) for images in (truth, answer))
    mean_one, mean_two = one.mean((-2, -1)), two.mean((-2, -1))
    covariance = (one * two).mean((-2, -1)) - mean_one * mean_two
    spread = one.var((-2, -1)) + two.var((-2, -1))
    small, smaller = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    similarity = (2 * mean_one * mean_two + small) * (2 * covariance + smaller)
    similarity /= (mean_one**2 + mean_two**2 + small) * (spread + smaller)
    return float(similarity.mean())


def _windows(images: np.ndarray, side: int) -> np.ndarray:
    wide = images.astype(np.float64)
    return np.lib.stride_tricks.sliding_window_view(wide, (side, side), axis=(1, 2))


def _mean_square(values: np.ndarray) -> float:
    return float(np.mean(np.square(values)))


def _decibels(signal: float, noise: float) -> float:
    if noise == 0:
        return IDENTICAL
    if signal == 0 or not np.isfinite(noise):
        return -IDENTICAL
    return min(IDENTICAL, float(10 * np.log10(signal / noise)))
