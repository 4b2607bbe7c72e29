"""Downloads a trained model into the folder that the environment variable GENZOO_HOME names.

The archive is a .zip with model.keras, or the files of bundle/, or both; it is known by its hash.
Afterwards the model has its name wherever a run or a bundle is asked for.
"""

from __future__ import annotations

import argparse

from zoo.pretrained.fetch import fetch

EXAMPLES = """\
examples:
  zoo fetch vae/faces --url https://example.org/faces.zip --sha256 3b1f…
  zoo sample vae/faces --out faces.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the name, the place and the hash."""
    parser.add_argument("name", metavar="MODEL/DATA", help="what it is called from then on")
    parser.add_argument("--url", required=True, help="of the archive")
    parser.add_argument("--sha256", required=True, metavar="HEX", help="of the archive")


def run(options: argparse.Namespace) -> None:
    """Downloads, and prints the folder."""
    print(fetch(options.name, options.url, options.sha256))
