"""Whether subjects compute on the device that was asked for; those that do not are not timed."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.errors import BenchmarkError, WorkerError
from benchmarks.plan import Plan
from benchmarks.subjects import Subject
from benchmarks.workers.pool import Crew

GPUS = ("gpu", "cuda", "rocm", "metal")
"""What the names that backends give to GPUs have in them."""


def refuse_other_device(asked: str, found: str) -> None:
    """Refuses a subject that computes elsewhere than it was asked to.

    Args:
        asked: `cpu` or `gpu`.
        found: The device as the subject names it.

    Raises:
        WorkerError: The device is another kind.
    """
    if _is_gpu(found) != (asked == "gpu"):
        raise WorkerError(f"The device must be the {asked}. Received: {found}")


def refuse_absent_gpu(plan: Plan, subjects: Mapping[str, Subject]) -> None:
    """Refuses a plan for a GPU that none of the subjects gets, before anything is measured.

    Raises:
        BenchmarkError: No subject computes on a GPU.
    """
    if plan.device != "gpu":
        return
    alike = {(subject.target, subject.backend): name for name, subject in subjects.items()}
    found = {}
    with tempfile.TemporaryDirectory(prefix="genzoo-bench-") as folder:
        crew = Crew(subjects, Path(folder), threads=plan.threads, device=plan.device)
        try:
            for name in alike.values():
                try:
                    found[name] = crew[name].start()["device"]
                except WorkerError as error:
                    found[name] = str(error)
                else:
                    if _is_gpu(found[name]):
                        return
        finally:
            crew.dismiss()
    told = "; ".join(f"{name}: {device}" for name, device in found.items())
    raise BenchmarkError(
        f"There is no GPU here that a subject gets. Received: --device gpu, where the devices are "
        f"{told}. Accepted: --device cpu, or subjects that are installed for a GPU"
    )


def _is_gpu(device: str) -> bool:
    return any(name in device.lower() for name in GPUS)
