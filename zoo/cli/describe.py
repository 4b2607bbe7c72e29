"""Shows a model's paper and every setting with its type, default and meaning."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from zoo.cli import terminal
from zoo.cli.settings import Setting, settings_of
from zoo.registry import describe

EXAMPLES = """\
examples:
  zoo describe vae
  zoo describe wgan_gp --json

Settings are set with: zoo train NAME --set key=value
"""
WIDTH = 96
INDENT = " " * 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model's name."""
    parser.add_argument("name", metavar="NAME", help="a name that zoo list shows")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Prints the model's row and its settings."""
    row = describe(options.name)
    terminal.choose_backend()
    settings = settings_of(row)
    about = {
        "name": options.name,
        "kind": row.kind,
        "summary": row.summary,
        "paper": row.paper,
    }
    if options.json:
        terminal.print_json(about | {"settings": [_to_json(s) for s in settings.values()]})
        return
    print(f"{options.name}: {row.summary}\n{row.paper}\n")
    for setting in settings.values():
        default = "from the data" if setting.required else f"{setting.default!r} by default"
        print(f"{setting.name}: {setting.kind_name}, {default}")
        if setting.doc:
            print(
                textwrap.fill(setting.doc, WIDTH, initial_indent="    ", subsequent_indent="    ")
            )


def _to_json(setting: Setting) -> dict[str, Any]:
    return {
        "name": setting.name,
        "type": setting.kind_name,
        "required": setting.required,
        "default": None if setting.required else setting.default,
        "doc": setting.doc,
    }
