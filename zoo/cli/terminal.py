"""The streams of the command line: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

from zoo.cli.quiet_imports import quiet_tensorflow

# Set before a backend is imported; a value from outside wins.
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "GRPC_VERBOSITY": "ERROR",
    "GLOG_minloglevel": "2",
    # OpenMP's idle threads sleep: on a busy machine PyTorch trains small networks 10 times faster.
    "OMP_WAIT_POLICY": "PASSIVE",
    # TensorFlow takes oneDNN by itself on processors with AVX-512 VNNI alone. With AVX2 it
    # halves the training step of batch 64; small batches take up to 1.5 times as long with it.
    "TF_ENABLE_ONEDNN_OPTS": "1",
}


@contextmanager
def quiet() -> Iterator[None]:
    """Silences other packages' chatter; the project's own warnings become lines on stderr."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings(), quiet_tensorflow():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", module=r"(zoo|export|benchmarks)\b")
        warnings.showwarning = lambda message, *_, **__: note(f"warning: {message}")
        yield


def results_only() -> redirect_stdout:
    """Sends to stderr what a block prints on stdout, such as Keras's progress bar."""
    return redirect_stdout(sys.stderr)


def note(message: str) -> None:
    """Prints one line on stderr: `zoo: message`."""
    print(f"zoo: {message}", file=sys.stderr, flush=True)


def choose_backend() -> str:
    """Settles the backend, and reports it on stderr where KERAS_BACKEND does not choose one."""
    from zoo import backends

    asked = os.environ.get("KERAS_BACKEND")
    chosen = backends.choose()
    if not asked:
        note(f"KERAS_BACKEND is not set; using {chosen}")
    return chosen


def print_json(value: Any) -> None:
    """Prints a value as JSON."""
    print(json.dumps(value, indent=2))


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints rows in aligned columns under their names; None is an empty cell."""
    print("\n".join(table_lines(rows)))


def table_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lines of a table; numbers are aligned to the right."""
    if not rows:
        return []
    names = list(rows[0])
    cells = [[text(row[name]) for name in names] for row in rows]
    widths = [max(len(c) for c in column) for column in zip(names, *cells, strict=True)]
    right = [all(isinstance(row[name], int | float) for row in rows) for name in names]
    return [
        "  ".join(
            cell.rjust(width) if flush_right else cell.ljust(width)
            for cell, width, flush_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [names, *cells]
    ]


def print_pairs(values: Mapping[str, Any]) -> None:
    """Prints names and values, one pair a line."""
    width = max(map(len, values))
    for name, value in values.items():
        print(f"{name.ljust(width)}  {text(value)}".rstrip())


def text(value: Any) -> str:
    """A value as a cell of a table: floats to four digits, nothing for None."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
