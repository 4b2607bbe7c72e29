"""The command line of the fuzzer: a line for each outcome that is not right, and the counts."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from pathlib import Path


def main() -> None:
    """Runs programs of successive seeds, and writes their outcomes."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--count", type=int, default=100, help="of programs")
    parser.add_argument("--backend", default=os.environ.get("KERAS_BACKEND", "jax"))
    parser.add_argument("--minimise", action="store_true", help="shrink what differs or crashes")
    parser.add_argument("--deep", action="store_true", help="also other opsets and the reference")
    parser.add_argument("--out", type=Path, help="a file of JSON lines")
    options = parser.parse_args()
    os.environ["KERAS_BACKEND"] = options.backend  # before Keras is imported
    import keras
    import onnxruntime

    from tests.fuzz.outcomes import minimised, outcome
    from tests.fuzz.programs import layer_names, operations

    names = {"operation": [case.function for case in operations()]}
    names |= dict.fromkeys(("layer", "shared", "nested"), layer_names())

    def described(program) -> list[str]:
        return [
            f"{step.kind} {names[step.kind][step.choice % len(names[step.kind])]}"
            if step.kind in names
            else f"{step.kind} {step.choice}"
            for step in program.steps
        ]

    counts: Counter = Counter()
    lines = []
    for seed in range(options.seed, options.seed + options.count):
        program, found = outcome(seed, deep=options.deep)
        counts[found.kind] += 1
        keras.backend.clear_session()
        if found.kind in ("right", "unfit"):
            continue
        if options.minimise and found.kind in ("differs", "crashed"):
            program = minimised(program, seed, found.kind)
        line = {"seed": seed, "outcome": found.kind, "reason": found.reason, "owner": found.owner}
        lines.append(json.dumps(line | {"steps": described(program)}, ensure_ascii=False))
        print(lines[-1], flush=True)
    summary = {
        "backend": options.backend,
        "seed": options.seed,
        "count": options.count,
        "outcomes": dict(counts),
        "versions": {"keras": keras.__version__, "onnxruntime": onnxruntime.__version__},
    }
    print(json.dumps(summary))
    if options.out:
        options.out.write_text("\n".join([json.dumps(summary), *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
