"""Plain text as rows of token indices, and back."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np

from zoo.data.dataset import Data
from zoo.data.field import Field
from zoo.errors import DataError

TOKENS = ("characters", "words")
WORD = re.compile(r"\w+|[^\w\s]")
UNKNOWN = "<unknown>"
END = "<end>"
"""The token behind a line, and in every place that is left."""
MAX_WORDS = 10_000
"""Words of a vocabulary, the most frequent ones; all others are unknown."""


def load_text(
    path: str | os.PathLike,
    *,
    tokens: str = "characters",
    length: int = 64,
    lines: bool = False,
    vocabulary: Sequence[str] | None = None,
) -> Data:
    """Returns a text file as rows of token indices, int32 `(count, length)`.

    The rows are windows that follow each other, what is left at the end is dropped; or lines, those
    that are longer cut, shorter ones filled with `<end>`, empty ones left out. Words are runs of
    letters and digits, and single punctuation marks. `Data.origin["vocabulary"]` holds the tokens.

    Args:
        path: A UTF-8 text file.
        tokens: "characters" or "words".
        length: Tokens of a row.
        lines: Whether each line is a row.
        vocabulary: Of the training data, for other data of the same tokens.

    Raises:
        DataError: The file is no text or shorter than a window, or holds unknown characters.
    """
    if tokens not in TOKENS:
        raise DataError(f"Tokens are {' or '.join(TOKENS)}. Received: {tokens!r}.")
    if length < 1:
        raise DataError(f"A window has at least one token. Received: length={length}.")
    try:
        text = Path(path).expanduser().read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise DataError(f"The text cannot be read. Received: {path} ({reason}).") from error
    texts = [text] if not lines else text.splitlines()
    rows = [_units(text, tokens) for text in texts]
    if lines:
        rows = [[*row[:length], *[END] * (length - len(row))] for row in rows if row]
    units = [unit for row in rows for unit in row]
    count = len(units) // length
    if count == 0:
        wanted = "a line that is not empty" if lines else f"one window of {length} {tokens}"
        raise DataError(
            f"A text holds at least {wanted}. Received: {len(units)} in {path}. "
            "Accepted: a longer text, or a smaller length."
        )
    if vocabulary is None:
        found = _vocabulary([unit for unit in units if unit != END], tokens)
        vocabulary = [END, *found] if lines else found
    known = list(vocabulary)
    indices = _look_up(units[: count * length], known, os.fspath(path)).reshape(count, length)
    origin = {
        "source": os.fspath(path),
        "tokens": tokens,
        "length": length,
        "vocabulary": known,
    }
    return Data(Field(indices, "index", size=len(known), names=known), origin=origin)


def decode_text(indices: np.ndarray, vocabulary: Sequence[str], tokens: str) -> list[str]:
    """Returns one text per row of token indices, up to its end; words are separated by spaces."""
    between = " " if tokens == "words" else ""
    last = len(vocabulary) - 1
    rows = (
        [vocabulary[min(max(int(index), 0), last)] for index in row] for row in np.asarray(indices)
    )
    return [between.join(takewhile(lambda token: token != END, row)) for row in rows]


def _units(text: str, tokens: str) -> list[str]:
    return WORD.findall(text) if tokens == "words" else list(text)


def _vocabulary(units: Sequence[str], tokens: str) -> list[str]:
    if tokens == "characters":
        return sorted(set(units))
    frequent = sorted(Counter(units).items(), key=lambda item: (-item[1], item[0]))
    return [UNKNOWN, *(word for word, _ in frequent[: MAX_WORDS - 1])]


def _look_up(units: Sequence[str], vocabulary: Sequence[str], path: str) -> np.ndarray:
    places = {unit: index for index, unit in enumerate(vocabulary)}
    unknown = places.get(UNKNOWN)
    if unknown is None:
        strange = next((unit for unit in units if unit not in places), None)
        if strange is not None:
            raise DataError(
                f"The text holds no tokens but the vocabulary's {len(vocabulary)}. "
                f"Received: {strange!r} in {path}. Accepted: a text without it, or a "
                "vocabulary with it."
            )
    return np.fromiter((places.get(unit, unknown) for unit in units), np.int32, len(units))
