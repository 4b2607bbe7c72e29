"""The numbers that options take, checked as they are read."""

from __future__ import annotations

import argparse


def count(text: str) -> int:
    """A whole number from 1."""
    return _whole(text, least=1)


def seed(text: str) -> int:
    """A whole number from 0."""
    return _whole(text, least=0)


def _whole(text: str, *, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}")
    return number
