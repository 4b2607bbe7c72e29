"""Kills trainings and damages files, and counts what went wrong: `python -m tests.campaigns`.

    python -m tests.campaigns kills --backend jax --count 30
    python -m tests.campaigns damage --backend jax

Each writes its summary into a file of records (`--out`), from which `campaigns.md` beside it is
made; the exit code is 1 where anything went wrong.
"""

import argparse
import os
import sys
import time
from pathlib import Path

from tests.campaigns import results
from zoo.backends import PACKAGES

BACKENDS = tuple(PACKAGES)
RECORDS = Path("benchmarks/results/campaigns.jsonl")


def main() -> int:
    """Runs a campaign and prints its summary; 1 where something went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("campaign", choices=["kills", "damage"])
    parser.add_argument("--backend", choices=BACKENDS, default="jax")
    parser.add_argument("--count", type=int, default=30, help="kills (30)")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the damages, drawn by the seed (all)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of moments and damages (0)")
    parser.add_argument("--out", type=Path, default=RECORDS, help="the file of records")
    options = parser.parse_args()
    os.environ |= results.ENVIRONMENT | {"KERAS_BACKEND": options.backend}
    started = time.monotonic()
    if options.campaign == "kills":
        from tests.campaigns.kills import campaign

        record = campaign(options.count, options.seed)
    else:
        from tests.campaigns.damage import campaign

        record = {"share": options.share, **campaign(options.share, options.seed)}
    seconds = round(time.monotonic() - started)
    record = {"campaign": options.campaign, "backend": options.backend, **record}
    results.add(options.out, record | results.conditions() | {"seconds": seconds})
    print(results.row(record))
    for problem in record["problems"]:
        print(problem, file=sys.stderr)
    return int(bool(record["problems"]))


if __name__ == "__main__":
    raise SystemExit(main())
