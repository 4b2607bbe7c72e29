"""The conditions of a run: machine, versions, commit, settings."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.records.schema import Conditions
from export.machine import cores, instructions, processor

PACKAGES = (
    "genzoo",
    "jax",
    "jax2onnx",
    "keras",
    "numpy",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxscript",
    "openvino",
    "tensorflow",
    "tensorflow-cpu",
    "tensorrt",
    "tf2onnx",
    "torch",
    "triton",
)


def conditions(plan: Mapping[str, Any], *, threads: int, device: str = "cpu") -> Conditions:
    """The conditions of a run that starts now.

    Args:
        plan: The plan of the run, in JSON terms.
        threads: Of each subject.
        device: `cpu` or `gpu`.
    """
    return Conditions(
        started=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        processor=processor(),
        instructions=instructions(),
        cores=len(cores()),
        threads=threads,
        memory=_memory(),
        device=device if device == "cpu" else _accelerator(),
        system=platform.platform(terse=True),
        python=platform.python_version(),
        versions=versions(),
        commit=commit(),
        precision="float32 but for subjects named otherwise; no TF32; inputs in float32",
        spinning="off",
        plan=plan,
    )


def sentence(command: str) -> str:
    """The command and its conditions in one sentence, for the head of a table."""
    named = ", ".join(f"{name} {number}" for name, number in versions().items())
    return (
        f"`{command}`, commit {commit()}: {processor()}, {len(cores())} cores, "
        f"{', '.join(instructions())}; {named}."
    )


def versions() -> dict[str, str]:
    """The installed versions of the packages that are measured."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """The commit of the sources, with `+` where they have been changed; None outside git."""
    here = Path(__file__).parent
    found = _output(["git", "-C", str(here), "rev-parse", "HEAD"])
    if found is None:
        return None
    changed = _output(["git", "-C", str(here.parent), "status", "--porcelain", "-uno"])
    return found + ("+" if changed else "")


def _memory() -> int | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _accelerator() -> str:
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    return _output(query) or "gpu"


def _output(command: list[str]) -> str | None:
    """The output of a command; None where it fails or is absent."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
