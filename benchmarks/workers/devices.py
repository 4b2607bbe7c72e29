"""Checks of the devices that subjects compute on; a subject on another device is not timed."""

from __future__ import annotations

from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.workers.pool import WorkerPool

GPUS = ("gpu", "cuda", "rocm", "metal")
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


def _is_gpu(device: str) -> bool:
    return any(name in device.lower() for name in GPUS)
