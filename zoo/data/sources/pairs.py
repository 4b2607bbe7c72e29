"""Two sources beside each other: row by row, or each in an order of its own."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zoo.data.build import assemble
from zoo.data.combine import paired, unpaired
from zoo.data.dataset import Data
from zoo.data.field import Field
from zoo.data.sources.folders import TEST_NAMES
from zoo.data.sources.image_files import SUFFIXES as IMAGES
from zoo.data.sources.image_folder import load_roots
from zoo.data.sources.read import Options, Splits
from zoo.data.sources.resize import parse_size
from zoo.data.sources.wav import SUFFIXES as SOUNDS
from zoo.errors import DataError


def find_domains(source: object) -> tuple[list[Path], list[Path]] | None:
    """Returns the folders of domain A and of B where a folder holds `trainA` and `trainB`.

    Training comes first; `testA` and `testB` (or val, valid, validation) are the test split.
    """
    if not isinstance(source, str | os.PathLike):
        return None
    folder = Path(source).expanduser()
    training = [folder / f"train{domain}" for domain in "AB"]
    if not all(sub.is_dir() for sub in training):
        return None
    splits = [training]
    for name in TEST_NAMES:
        tests = [folder / f"{name}{domain}" for domain in "AB"]
        if all(sub.is_dir() for sub in tests):
            splits.append(tests)
            break
    return [split[0] for split in splits], [split[1] for split in splits]


def load_domains(
    domains: tuple[Sequence[Path], Sequence[Path]], options: Options, *, unpair: bool
) -> Splits:
    """Returns the data of two domains of one folder; see `combine`.

    Raises:
        DataError: A domain has no images, or an image no partner.
    """
    if not unpair:
        for one, other in zip(*domains, strict=True):
            check_names(one, other)
    found = []
    for roots in domains:
        size = parse_size(options.size)
        raw = load_roots(roots, size=size, channels=options.channels, memory=options.memory)
        for note in raw.notes:
            warnings.warn(note, stacklevel=3)
        origin = os.fspath(roots[0])
        found.append(assemble(raw, origin=origin, source_range=options.source_range))
    return combine(*found, unpair=unpair)


def combine(first: Splits, second: Splits, *, unpair: bool) -> Splits:
    """Returns data with the field `target` of other data, or with these as the stream `other`.

    There is a test split where both sources have one.

    Raises:
        DataError: An image of a pair was left out, or the numbers differ.
    """
    _note_test_split(first, second)

    def join(one: Data, other: Data) -> Data:
        if unpair:
            return unpaired(one, other=other)
        _check_complete(one, other)
        return paired(one, target=other)

    test = None if first[1] is None or second[1] is None else join(first[1], second[1])
    return join(first[0], second[0]), test


def add_masks(data: Splits, masks: Splits) -> Splits:
    """Returns data with the field `mask`: 1 where the masks are in the upper half of their range.

    Raises:
        DataError: As `combine`.
    """
    _note_test_split(data, masks)

    def join(one: Data, other: Data) -> Data:
        _check_complete(one, other)
        low, high = other.source_range or other.extent
        bright = np.asarray(other.samples > (low + high) / 2)
        return paired(one, mask=Data(Field(bright, "mask")))

    test = None if data[1] is None or masks[1] is None else join(data[1], masks[1])
    return join(data[0], masks[0]), test


def add_small(data: Splits, small: Splits) -> Splits:
    """Returns data with the field `low`, of other data.

    Raises:
        DataError: As `combine`.
    """
    _note_test_split(data, small)

    def join(one: Data, other: Data) -> Data:
        _check_complete(one, other)
        return paired(one, low=other)

    test = None if data[1] is None or small[1] is None else join(data[1], small[1])
    return join(data[0], small[0]), test


def check_names(first: Path, second: Path, *, pairs_alone: bool = False) -> None:
    """Checks that images or sounds of two folders have the same names, if any of them do.

    Folders without a common name are pairs in the order of their names.

    Args:
        first: A folder.
        second: What goes with it.
        pairs_alone: Whether the second folder means nothing without the first.

    Raises:
        DataError: A file has no partner; the first one is named.
    """
    one, other = _names(first), _names(second)
    common = {Path(name).name for name in one} & {Path(name).name for name in other}
    alone = sorted(one ^ other)
    if common and alone:
        folder = first if alone[0] in one else second
        otherwise = "" if pairs_alone else ", or unpaired=True (--unpaired)"
        raise DataError(
            f"Files of pairs have the same names. Received: {alone[0]!r} in {folder} alone. "
            f"Accepted: a partner for each{otherwise}."
        )


def _note_test_split(first: Splits, second: Splits) -> None:
    if (first[1] is None) != (second[1] is None):
        warnings.warn("Left out the test split: only one of the two sources has one.", stacklevel=4)


def _check_complete(*both: Data) -> None:
    for data in both:
        if skipped := data.origin.get("skipped"):
            raise DataError(
                f"Every file of a pair can be read. Received: {skipped[0]} of "
                f"{data.origin['source']}, which cannot. Accepted: folders without it."
            )


def _names(folder: Path) -> set[str]:
    """Paths of the images and sounds, without their suffix."""
    return {
        file.relative_to(folder).with_suffix("").as_posix()
        for file in folder.rglob("*")
        if file.suffix.lower() in IMAGES | SOUNDS and not file.name.startswith(".")
    }
