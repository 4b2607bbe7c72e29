"""Shows which backends, devices and converters are there, and the commands that install the rest.

Only the chosen backend is imported, to ask for its device. Fails where no model can be trained.
"""

from __future__ import annotations

import argparse
import platform
from typing import Any

from zoo import __version__, backends
from zoo.cli import packages, terminal
from zoo.errors import BackendError

EXAMPLES = """\
examples:
  zoo doctor
  KERAS_BACKEND=torch zoo doctor --json
"""
BASE = ("numpy", "pillow")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the form of the output."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Prints the findings; fails where no backend works."""
    findings = _findings()
    if options.json:
        terminal.print_json(findings)
    else:
        _print(findings)
    return 0 if findings["device"] else 1


def _findings() -> dict[str, Any]:
    backend, device, problem = None, None, None
    try:
        backend = terminal.choose_backend()
        device = backends.current().device()
    except (BackendError, ImportError) as error:
        problem = " ".join(str(error).split())
    installed = [
        {
            "package": module,
            "version": packages.version(module),
            "extra": extra,
            "install": packages.install_command(module),
        }
        for module, (_, extra) in packages.EXTRAS.items()
    ]
    return {
        "genzoo": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "backend": backend,
        "device": device,
        "problem": problem,
        "base": {name: packages.distribution_version(name) for name in BASE},
        "packages": installed,
        "converters": _converters(),
        "providers": _providers(),
    }


def _converters() -> list[dict[str, Any]]:
    """The routes to ONNX: the backend that each needs, and what it lacks."""
    from export.routes import ROUTES

    found = []
    for route, (backend, needed) in ROUTES.items():
        modules = [*([backend] if backend else []), *needed]
        missing = [module for module in modules if packages.version(module) is None]
        found.append({"route": route, "backend": backend, "missing": missing})
    return found


def _providers() -> list[str]:
    """ONNX Runtime's execution providers; none where it is not installed."""
    if packages.version("onnxruntime") is None:
        return []
    import onnxruntime

    return list(onnxruntime.get_available_providers())


def _print(findings: dict[str, Any]) -> None:
    base = {name: version or "missing" for name, version in findings["base"].items()}
    terminal.print_pairs(
        {key: findings[key] for key in ("genzoo", "python", "platform")}
        | base
        | {
            "backend": findings["backend"] or "none",
            "device": findings["device"] or "none",
            "ONNX Runtime": ", ".join(findings["providers"]) or "missing",
        }
    )
    print()
    terminal.print_table(
        [
            {
                "package": row["package"],
                "version": row["version"] or "missing",
                "install with": None if row["version"] else row["install"],
            }
            for row in findings["packages"]
        ]
    )
    print()
    terminal.print_table(
        [
            {
                "converter": row["route"],
                "backend": row["backend"] or "any",
                "state": f"needs {', '.join(row['missing'])}" if row["missing"] else "ready",
            }
            for row in findings["converters"]
        ]
    )
    if findings["problem"]:
        terminal.note(f"error: {findings['problem']}")
