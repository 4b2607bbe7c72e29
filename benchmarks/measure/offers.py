"""The workloads that models offer, from the tables of uses of the models themselves."""

from __future__ import annotations

from benchmarks.errors import WorkerError
from benchmarks.options import RunOptions
from benchmarks.plan import Offer
from benchmarks.workers.pool import WorkerPool


def offers(options: RunOptions, pool: WorkerPool) -> dict[str, Offer]:
    """Model → its workloads; each model is made once, in the reference's process.

    Args:
        options: The models and their settings.
        pool: The processes.
    """
    found = {}
    for name in options.models:
        settings = dict(options.settings.get(name, {}))
        try:
            offer = pool.reference.call("offer", model=name, settings=settings)
        except WorkerError as error:
            found[name] = Offer(error=str(error))
        else:
            found[name] = Offer(offer["workloads"], offer["default"])
    return found
