"""The damages that a file can have: its bytes, and the values inside it."""

import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.export.damage import reseal, rewrite

Change = Callable[[Path], None]
FLIPS = 6
VALUES: list[Any] = [None, -1, 1.5, 10**30, True, "text", "", [], [None], {}, {"a": 1}]
"""What stands in place of a value; those of its own type are wrong in content."""
INSIDE = "inside"
"""Begins the damages of values, which are many."""
MEMBERS = 4
"""The members of an archive that are damaged, and the damages of each."""
DRAWN = 90
"""The changes inside one file, drawn by the seed from all keys and values."""


def changes(folder: Path, name: str, seed: int) -> list[tuple[str, Change]]:
    """The damages of a file of a run or a bundle, each with a sentence; always the same ones."""
    content = (folder / name).read_bytes()
    drawn = random.Random(f"{seed} {name}")
    raw = list(_bytes(content, drawn))
    found = [(damage, _writes(name, new)) for damage, new in raw]
    found += [("is removed", lambda folder: (folder / name).unlink()),
              ("is a folder", lambda folder: _replace_by_folder(folder / name))]  # fmt: skip
    bundle = (folder / "bundle.json").exists()
    if bundle and name not in ("bundle.json", "SHA256SUMS"):
        found += [(f"{damage}, hashes right", _sealed(_writes(name, new))) for damage, new in raw]
    if name.endswith(".json"):
        inner = _inner(json.loads(content), drawn)
        write = _rewrites if bundle else _writes
        found += [(damage, write(name, json.dumps(v).encode())) for damage, v in inner]
    if name.endswith((".keras", ".npz")):
        found += [(damage, _writes(name, new)) for damage, new in _members(folder / name, drawn)]
    return found


def _bytes(content: bytes, drawn: random.Random) -> Iterator[tuple[str, bytes]]:
    yield "is empty", b""
    for keep in {1, len(content) // 2, max(0, len(content) - 1)}:
        yield f"has {keep} bytes", content[:keep]
    for _ in range(FLIPS):
        bit = drawn.randrange(8 * len(content)) if content else 0
        flipped = bytearray(content or b"\0")
        flipped[bit // 8] ^= 1 << bit % 8
        yield f"has bit {bit} flipped", bytes(flipped)
    yield "holds junk", drawn.randbytes(max(64, len(content)))
    yield "holds zeros", bytes(len(content))
    yield "holds text", b"no such thing\n"
    yield "holds more", content + b"\0more"
    yield "holds deep JSON", b"[" * 100_000
    yield "holds a number", b"7"


def _writes(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content) and None


def _sealed(change: Change) -> Change:
    """The change, and the hashes of the bundle made right again."""

    def both(folder: Path) -> None:
        change(folder)
        reseal(folder)

    return both


def _rewrites(name: str, content: bytes) -> Change:
    """Writes JSON of a bundle, with hashes that are right."""
    if name == "bundle.json":
        return lambda folder: rewrite(folder, content)
    return _sealed(_writes(name, content))


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside.txt").write_text("irreplaceable")


def _inner(value: Any, drawn: random.Random) -> list[tuple[str, Any]]:
    """Copies of a JSON value, each with one entry of another type, or without one."""
    found: list[tuple[str, Any]] = []
    for path in _paths(value):
        label = ".".join(map(str, path))
        found.append((f"{INSIDE}, lacks {label}", _without(value, path)))
        found += [(f"{INSIDE}, {label} is {new!r}", _with(value, path, new)) for new in VALUES]
    return drawn.sample(found, min(DRAWN, len(found)))


def _paths(value: Any, path: tuple = ()) -> Iterator[tuple]:
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value[:3])
    for key, inner in entries:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


def _with(value: Any, path: tuple, new: Any) -> Any:
    copy = json.loads(json.dumps(value))
    _parent(copy, path)[path[-1]] = new
    return copy


def _without(value: Any, path: tuple) -> Any:
    copy = json.loads(json.dumps(value))
    del _parent(copy, path)[path[-1]]
    return copy


def _parent(value: Any, path: tuple) -> Any:
    for key in path[:-1]:
        value = value[key]
    return value


def _members(path: Path, drawn: random.Random) -> Iterator[tuple[str, bytes]]:
    """Archives whose members are damaged, with checksums that are right."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name in drawn.sample(sorted(members), min(MEMBERS, len(members))):
        yield f"lacks the member {name}", _archive({k: v for k, v in members.items() if k != name})
        for damage, new in drawn.sample(list(_bytes(members[name], drawn)), MEMBERS):
            yield f"has a member {name} that {damage}", _archive(members | {name: new})
    for name, content in members.items():
        if name.endswith(".json"):
            for damage, value in _inner(json.loads(content), drawn):
                changed = members | {name: json.dumps(value).encode()}
                yield f"{damage} of {name}", _archive(changed)


def _archive(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
