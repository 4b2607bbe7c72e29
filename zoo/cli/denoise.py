"""Cleans noisy data, and shows rows of clean, of noisy and of cleaned data; or cleans a sound.

Noise is added to the data first; with --noise none they are noisy themselves. A model with the use
denoise cleans them by it, any other by its reconstruction. A WAV file, which is noisy itself, is
read at any rate and with any number of channels, cleaned window by window, and written at its own.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from zoo.applications import denoise, denoise_sound, signal_to_noise_ratio
from zoo.autoencoders.corruptions import Kind, corrupted
from zoo.cli import applied, sources, splits, values
from zoo.cli.errors import UsageError
from zoo.cli.opened import open_subject
from zoo.data.sources.wav import read_wav, write_wav
from zoo.plotting.spectrogram import save_spectrograms

EXAMPLES = """\
examples:
  zoo denoise runs/denoising_autoencoder --out cleaned.png
  zoo denoise bundles/vae --data digits --noise salt_and_pepper --level 0.2 --out cleaned.png
  zoo denoise runs/vae --data scans/ --noise none --out cleaned.npy
  zoo denoise bundles/sounds in.wav --out out.wav --spectrogram both.png
"""
COUNT = 32
LEVEL = 0.25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, the noise, and where to."""
    parts = ".png, .npy for the cleaned data, or .wav for a cleaned sound"
    applied.add_arguments(parser, count=COUNT, out=parts, kind=values.picture_array_or_sound)
    parser.add_argument(
        "sound", nargs="?", type=values.sound, metavar="SOUND.wav", help="a noisy sound"
    )
    parser.add_argument(
        "--clean", type=values.sound, metavar="FILE", help="the sound without noise, to compare"
    )
    parser.add_argument(
        "--spectrogram",
        type=values.picture,
        metavar="FILE",
        help="picture of the sound before and after",
    )
    parser.add_argument(
        "--noise",
        choices=(*get_args(Kind), "none"),
        help="that is added to data (gaussian)",
    )
    parser.add_argument(
        "--level",
        type=float,
        metavar="L",
        help="deviation of gaussian noise as a share of the range, or share of the places (0.25)",
    )


def run(options: argparse.Namespace) -> None:
    """Adds noise, cleans, saves, and prints the errors before and after."""
    if options.sound is not None:
        run_on_sound(options)
        return
    for name in ("clean", "spectrogram"):
        if getattr(options, name) is not None:
            raise UsageError(f"--{name} is for a sound. Received: no SOUND.wav.")
    if options.out is not None and options.out.suffix.lower() == ".wav":
        raise UsageError(f"A .wav file is of a sound. Received: {options.out}, and no SOUND.wav.")
    run_on_data(options)


def run_on_sound(options: argparse.Namespace) -> None:
    """Cleans a sound, saves it, and prints what is known about it."""
    unused = sources.given(options)
    unused += [f"--{n}" for n in ("noise", "level") if getattr(options, n) not in (None, "none")]
    if unused:
        raise UsageError(f"{unused[0]} is for other data. Received: {options.sound} as well.")
    if options.out is None or options.out.suffix.lower() != ".wav":
        raise UsageError(f"--out is a .wav file for a sound. Received: {options.out}.")
    known = [path.resolve() for path in (options.sound, options.clean) if path is not None]
    if options.out.resolve() in known:
        raise UsageError(f"--out is another file than the sounds. Received: {options.out}.")
    found = read_wav(options.sound)
    clean = None if options.clean is None else read_wav(options.clean)
    if clean is not None and (clean.rate, clean.samples.shape) != (found.rate, found.samples.shape):
        raise UsageError(
            "The clean sound has the rate, length and channels of the noisy one. Received: "
            f"{clean.rate}, {clean.samples.shape} and {found.rate}, {found.samples.shape}."
        )
    opened = open_subject(options.subject, options.engine)
    cleaned = denoise_sound(opened, found.samples, found.rate, seed=options.seed)
    shown = {"noisy": found.samples, "cleaned": cleaned}
    time, channels = found.samples.shape
    outcome: dict[str, Any] = {"seconds": time / found.rate, "rate": found.rate}
    outcome |= {"channels": channels}
    if clean is not None:
        shown = {"clean": clean.samples} | shown
        outcome |= {
            "decibels_before": _finite(signal_to_noise_ratio(clean.samples, found.samples)),
            "decibels_after": _finite(signal_to_noise_ratio(clean.samples, cleaned)),
        }
    if options.spectrogram is not None:
        means = {name: samples.mean(axis=1) for name, samples in shown.items()}
        save_spectrograms(means, found.rate, options.spectrogram)
        outcome["spectrogram"] = str(options.spectrogram)
    write_wav(options.out, replace(found, samples=cleaned))
    applied.finish(options, outcome)


def _finite(value: float) -> float | None:
    """A number, or None for a ratio to silence, which JSON does not have."""
    return value if np.isfinite(value) else None


def run_on_data(options: argparse.Namespace) -> None:
    """Adds noise to data, cleans, saves, and prints the errors before and after."""
    noise: Any = options.noise or "gaussian"
    given = LEVEL if options.level is None else options.level
    if not 0 <= given < math.inf or (noise != "gaussian" and given > 1):
        raise UsageError(f"--level is a share, or a deviation from 0. Received: {given}.")
    opened = open_subject(options.subject, options.engine)
    test = splits.asked_about(opened, options, options.count)
    asked = test.batch(np.arange(len(test)), opened.about.value_range)
    clean, value_range = asked["data"], opened.about.value_range
    if clean.dtype.kind != "f":
        raise UsageError(f"Numbers are denoised. Received: {opened.path}, which reads tokens.")
    noisy = clean
    if noise != "none":
        low, high = value_range or (0.0, 1.0)
        level = given * (high - low if noise == "gaussian" else 1)
        rng = np.random.default_rng([options.seed])
        noisy = corrupted(noise, level, clean, value_range, rng)
    if value_range is not None:
        noisy = np.clip(noisy, *value_range)
    cleaned = denoise(opened, asked | {"data": noisy}, seed=options.seed)
    if options.out is not None and options.out.suffix.lower() == ".npy":
        applied.save_array(options.out, cleaned)
    elif options.out is not None:
        layers = [noisy, cleaned] if noise == "none" else [clean, noisy, cleaned]
        applied.save_rows(layers, options.out, value_range)
    outcome: dict[str, float] = {"rows": len(clean)}
    if noise != "none":
        outcome |= {
            "error_before": float(np.mean(np.square(noisy - clean))),
            "error_after": float(np.mean(np.square(cleaned - clean))),
        }
    applied.finish(options, outcome)
