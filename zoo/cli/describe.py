"""Shows a model's paper, every setting with its type, default and meaning, and its networks."""

from __future__ import annotations

import argparse
import inspect
import textwrap
from typing import Any

from zoo.cli import terminal
from zoo.registry import describe
from zoo.settings import Setting

EXAMPLES = """\
examples:
  zoo describe vae
  zoo describe wgan_gp --json

Settings are set with: zoo train NAME --set key=value
"""
WIDTH = 96
INDENT = " " * 4
_PLAIN = (int, float, str, type(None))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model's name."""
    parser.add_argument("name", metavar="NAME", help="a name that zoo list shows, or file.py:Class")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Prints the model's row and its settings."""
    row = describe(options.name)
    terminal.choose_backend()
    settings = row.fields()
    cls = row.load()
    documentation = inspect.getdoc(cls) or ""
    about = {
        "name": options.name,
        "kind": row.kind,
        "summary": row.summary or documentation.partition("\n")[0],
        "paper": row.paper,
        "accepts": list(cls.accepts),
    }
    networks = _networks() if "network" in settings else {}
    if options.json:
        described = [_to_json(setting) for setting in settings.values()]
        terminal.print_json(about | {"settings": described, "networks": networks})
        return
    print(f"{options.name}: {about['summary']}\n{row.paper}".rstrip() + "\n")
    print(f"data: {', '.join(f'{kind}s' for kind in cls.accepts)}\n")
    for setting in settings.values():
        default = "from the data" if setting.required else f"{setting.default!r} by default"
        print(f"{setting.name}: {setting.rule}, {default}")
        if setting.doc:
            print(
                textwrap.fill(setting.doc, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
            )
    if networks:
        print("\nnetworks, and their network_options, of which the model may choose others:")
    for name, found in networks.items():
        words = ", ".join(f"{option}={value!r}" for option, value in found.items())
        print(textwrap.fill(f"{name}: {words}", WIDTH, subsequent_indent=INDENT))


def _networks() -> dict[str, dict[str, Any]]:
    """Family → option → default; an initializer is its name."""
    from zoo.networks import FAMILIES, family_options

    return {
        name: {
            option: value if isinstance(value, _PLAIN) else type(value).__name__
            for option, value in family_options(name).items()
        }
        for name in FAMILIES
    }


def _to_json(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.name,
        "type": setting.rule,
        "required": setting.required,
        "default": None if setting.required else setting.default,
        "doc": setting.doc,
    }
