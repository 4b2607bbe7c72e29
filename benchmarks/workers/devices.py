"""Checks of the devices that subjects compute on; a subject on another device is not timed."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.options import RunOptions
from benchmarks.records.schema import Skipped
from benchmarks.workers.pool import WorkerPool

GPUS = ("gpu", "cuda", "rocm", "metal", "tensorrt")
"""Words in the names that backends give to GPUs."""


def check_device(requested: str, actual: str) -> None:
    """Raises where a subject computes on another kind of device.

    Args:
        requested: `cpu` or `gpu`.
        actual: The device's name, as the subject reports it.

    Raises:
        WorkerError: The device is of another kind.
    """
    if _is_gpu(actual) != (requested == "gpu"):
        raise WorkerError(f"The device must be the {requested}. Received: {actual}")


def require_gpu(pool: WorkerPool) -> None:
    """Raises where a GPU is requested and no subject computes on one.

    Raises:
        BenchmarkError: No subject computes on a GPU.
    """
    if pool.device != "gpu":
        return
    # Subjects with one target and backend compute on one device.
    distinct = {(subject.target, subject.backend): subject for subject in pool.subjects}
    devices = {}
    for subject in distinct.values():
        try:
            device = pool[subject].start()["device"]
        except WorkerError as error:
            device = str(error)
        else:
            if _is_gpu(device):
                return
        devices[subject.name] = device
    received = "; ".join(f"{name}: {device}" for name, device in devices.items())
    raise BenchmarkError(
        f"No subject computes on a GPU here. Received: --device gpu, where the devices are "
        f"{received}. Accepted: --device cpu, or subjects that are installed for a GPU"
    )


def without_absent(options: RunOptions, pool: WorkerPool) -> RunOptions:
    """The options without the subjects that cannot start on a GPU, skipped with their errors.

    On the processor all of them stay: a failure there is one of the measurement.

    Args:
        options: Of a run on which some subject computes on the requested device.
        pool: The subjects' processes; those of absent subjects end.
    """
    if pool.device != "gpu":
        return options
    absent = []
    for subject in options.subjects:
        try:
            check_device("gpu", pool[subject].start()["device"])
        except WorkerError as error:
            absent.append(Skipped(subject=subject.name, reason=_sentence(str(error))))
    names = {row.subject for row in absent}
    kept = [subject for subject in options.subjects if subject.name not in names]
    pool.keep(kept)
    return replace(options, subjects=kept, unavailable=[*options.unavailable, *absent])


def _sentence(error: str) -> str:
    return error if error.endswith(".") else f"{error}."


def _is_gpu(device: str) -> bool:
    return any(name in device.lower() for name in GPUS)
