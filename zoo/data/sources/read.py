"""One source becomes training and test data: a name, a file, a folder, arrays."""

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zoo.data.build import as_data, assemble
from zoo.data.dataset import Data, Range
from zoo.data.sources import builtin, image_folder, made_sounds, npz
from zoo.data.sources.folders import TEST_NAMES
from zoo.data.sources.raw import Raw, Split
from zoo.data.sources.resize import parse_size
from zoo.data.sources.sound import is_sound, load_sounds
from zoo.data.sources.spill import MEMORY
from zoo.data.sources.table import Table, load_table
from zoo.data.sources.text import load_text
from zoo.errors import DataError, suggestion

Splits = tuple[Data, Data | None]

NAMES = ("digits", "ring", "grid", "sounds", *builtin.DOWNLOADS)
TABLE = ".csv"
PATHS = ".npz, .npy, .csv, .txt, .wav or a folder of images, sounds or tables"

TABLE_OPTIONS = ("label", "columns", "form", "standardize", "table")
TEXT_OPTIONS = ("tokens", "length", "lines", "vocabulary")
SOUND_OPTIONS = ("rate", "window")
ARRAY_OPTIONS = ("size", "channels", "keys", "kind", "source_range")


@dataclass(frozen=True)
class Options:
    """How sources are read; see `load_data`. None leaves an option open."""

    size: int | tuple[int, int] | None = None
    channels: int | None = None
    keys: Mapping[str, str] | None = None
    kind: str | None = None
    source_range: Range | None = None
    seed: int = 0
    memory: int = MEMORY
    label: str | None = None
    columns: Sequence[str] | None = None
    form: str | None = None
    standardize: bool | None = None
    tokens: str | None = None
    length: int | None = None
    lines: bool | None = None
    table: Mapping[str, Any] | None = None
    vocabulary: Sequence[str] | None = None
    rate: int | None = None
    window: int | None = None

    def given(self, names: Sequence[str]) -> dict[str, Any]:
        """Those of the options that are set."""
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def check_unset(self, names: Sequence[str], kind: str, source: str) -> None:
        """Checks that no option is set that is for another kind of source.

        Raises:
            DataError: Such an option is set; it is named.
        """
        for name, value in self.given(names).items():
            raise DataError(
                f"{name} is for {kind}. Received: {name}={value!r} for {source}.", options=(name,)
            )


def read(source: object, options: Options) -> Splits:
    """Returns the training data and the test data, or None, of one source.

    Raises:
        DataError: The source is unknown or unreadable, or an option is not for it.
    """
    if isinstance(source, Data):
        return source, None
    if isinstance(source, Mapping):
        return as_data(source), None
    if isinstance(source, str | os.PathLike):
        suffix = Path(source).suffix.lower()
        if suffix in (".csv", ".txt") and Path(source).expanduser().is_file():
            return _read_text_file(os.fspath(source), suffix, options), None
        if (tables := _tables(source)) is not None:
            return _read_tables(*tables, options)
    return _read_arrays(source, options)


def _tables(source: str | os.PathLike) -> tuple[Path, Path | None] | None:
    """The files `train.csv` and, where there is one, `test.csv` of a folder; None without them."""
    folder = Path(source).expanduser()
    if source in NAMES or not (folder / f"train{TABLE}").is_file():
        return None
    beside = (folder / f"{name}{TABLE}" for name in TEST_NAMES)
    return folder / f"train{TABLE}", next((path for path in beside if path.is_file()), None)


def _read_tables(train: Path, test: Path | None, options: Options) -> Splits:
    """Both files, the second one's columns as those of the first."""
    known = _read_text_file(os.fspath(train), TABLE, options)
    if test is None:
        return known, None
    columns = options.table or known.origin["table"]
    alike = replace(options, label=None, columns=None, form=None, standardize=None, table=columns)
    return known, _read_text_file(os.fspath(test), TABLE, alike)


def _read_text_file(source: str, suffix: str, options: Options) -> Data:
    options.check_unset(ARRAY_OPTIONS, "images and arrays", source)
    options.check_unset(SOUND_OPTIONS, "sounds (.wav)", source)
    if suffix == ".txt":
        options.check_unset(TABLE_OPTIONS, "tables (.csv)", source)
        return load_text(source, **options.given(TEXT_OPTIONS))
    options.check_unset(TEXT_OPTIONS, "text (.txt)", source)
    given = options.given(TABLE_OPTIONS)
    if options.table is not None:
        given["table"] = Table.from_config(options.table)
    data, notes = load_table(source, **given)
    for note in notes:
        warnings.warn(note, stacklevel=4)
    return data


def _read_arrays(source: object, options: Options) -> Splits:
    """Images, sequences and vectors."""
    size = parse_size(options.size)
    if options.channels not in (None, 1, 3, 4):
        raise DataError(f"Images have 1, 3 or 4 channels. Received: channels={options.channels!r}.")
    if isinstance(source, str) and source in NAMES:
        raw, origin = _read_name(source, options), source
    elif isinstance(source, str | os.PathLike):
        origin = os.fspath(source)
        path = Path(origin).expanduser()
        if is_sound(path):
            raw = load_sounds(path, **options.given(SOUND_OPTIONS))
        elif path.is_dir():
            raw = image_folder.load_folder(
                path, size=size, channels=options.channels, memory=options.memory
            )
        else:
            raw = _read_array_file(path, origin, options)
    else:
        raw, origin = _from_arrays(source), "arrays"
    for note in raw.notes:
        warnings.warn(note, stacklevel=4)
    if "keys" not in raw.details:
        options.check_unset(["keys"], ".npz files", origin)
    options.check_unset(TABLE_OPTIONS, "tables (.csv)", origin)
    options.check_unset(TEXT_OPTIONS, "text (.txt)", origin)
    if "rate" in raw.details:
        options.check_unset(["size", "channels"], "images", origin)
    else:
        options.check_unset(SOUND_OPTIONS, "sounds (.wav)", origin)
    return assemble(
        raw,
        origin=origin,
        size=size,
        channels=options.channels,
        kind=options.kind,
        source_range=options.source_range,
        memory=options.memory,
    )


def _read_name(name: str, options: Options) -> Raw:
    if name == "digits":
        return builtin.digits()
    if name == "sounds":
        return made_sounds.sounds(options.seed, **options.given(SOUND_OPTIONS))
    if name in builtin.DOWNLOADS:
        return builtin.download(name)
    return builtin.mixture(name, options.seed)


def _read_array_file(path: Path, origin: str, options: Options) -> Raw:
    if not path.exists():
        beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = suggestion(path.name, [*NAMES, *beside])
        raise DataError(
            f"No such data. Received: {origin!r}.{hint} "
            f"Accepted: {', '.join(NAMES)}, or a path to {PATHS}."
        )
    if path.suffix.lower() == ".npz":
        return npz.load_npz(path, keys=options.keys, memory=options.memory)
    if path.suffix.lower() == ".npy":
        return npz.load_npy(path)
    raise DataError(
        f"A data file is .npz, .npy, .csv, .txt or .wav. Received: {origin!r}. "
        "Accepted: these, or a folder of images or sounds."
    )


def _from_arrays(source: object) -> Raw:
    if not isinstance(source, tuple):
        return Raw(Split(source))
    if len(source) != 2:
        raise DataError(
            f"Data in a tuple are a pair. Received: {len(source)} values. "
            "Accepted: (samples, labels) or ((samples, labels), (samples, labels))."
        )
    if not all(isinstance(part, tuple) and len(part) == 2 for part in source):
        return Raw(Split(*source))
    (x_train, y_train), (x_test, y_test) = source
    return Raw(Split(x_train, y_train, "x_train"), Split(x_test, y_test, "x_test"))
