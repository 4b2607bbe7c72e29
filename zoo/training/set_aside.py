"""Older runs, out of the way until the run that replaces them has a checkpoint.

An older run lies in a hidden folder beside its own, `.NAME.replaced.…`. A process that is killed
meanwhile leaves it there; the next one that opens the run folder finds it and puts it back, or
removes it where the new run got on. Entries are moved one by one, `run.json` the last out and the
first back: a folder with it is whole, one without it was being moved. A folder that is no longer
needed gets another name, `.NAME.obsolete.…`, before it is removed.
"""

import shutil
import tempfile
import warnings
from pathlib import Path

LAST = "run.json"
REPLACED, OBSOLETE = "replaced", "obsolete"


class SetAside:
    """The older run of a run folder.

    Args:
        path: The run folder.
        own: The names of the entries that a run has.
    """

    def __init__(self, path: Path, own: set[str]) -> None:
        self.path = path
        self.own = own
        self.folder: Path | None = None

    def move(self, entries: set[str]) -> None:
        """Moves a run out of its folder."""
        parent = self.path.resolve().parent
        self.folder = Path(tempfile.mkdtemp(prefix=_prefix(self.path, REPLACED), dir=parent))
        for name in sorted(entries, key=lambda name: (name == LAST, name)):
            (self.path / name).rename(self.folder / name)

    def put_back(self) -> None:
        """Gives the older run its place back, and removes what the new one has written."""
        if self.folder is None:
            return
        moved = {entry.name for entry in self.folder.iterdir()}
        replaced = self.own if LAST in moved else moved
        for name in replaced:
            remove(self.path / name)
        for name in sorted(moved, key=lambda name: (name != LAST, name)):
            (self.folder / name).rename(self.path / name)
        self.drop()

    def drop(self) -> None:
        """Removes the older run."""
        if self.folder is not None:
            obsolete = self.folder.with_name(
                _prefix(self.path, OBSOLETE) + self.folder.name.rpartition(".")[2]
            )
            shutil.rmtree(self.folder.rename(obsolete))
            self.folder = None

    def recover(self, *, got_on: bool) -> None:
        """Settles what killed processes left: the older run returns unless the new one got on."""
        for folder in _beside(self.path, OBSOLETE):
            if self._is_own(folder):
                shutil.rmtree(folder)
        for folder in left_aside(self.path):
            if not self._is_own(folder):
                warnings.warn(f"{folder} is not a run that was replaced.", stacklevel=2)
                continue
            self.folder = folder
            if got_on and (folder / LAST).exists():
                self.drop()
                continue
            self.put_back()
            warnings.warn(
                f"The run of {self.path} is back: the one that was to replace it was killed "
                "before its first checkpoint.",
                stacklevel=2,
            )

    def _is_own(self, folder: Path) -> bool:
        """Whether a folder holds nothing but what a run has."""
        return {entry.name for entry in folder.iterdir()} <= self.own


def left_aside(path: Path) -> list[Path]:
    """The folders in which older runs of a run folder lie, the newest last."""
    return sorted(_beside(path, REPLACED), key=lambda folder: folder.stat().st_mtime)


def _beside(path: Path, what: str) -> list[Path]:
    parent, prefix = path.resolve().parent, _prefix(path, what)
    if not parent.is_dir():
        return []
    return [e for e in parent.iterdir() if e.name.startswith(prefix) and e.is_dir()]


def _prefix(path: Path, what: str) -> str:
    return f".{path.resolve().name}.{what}."


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
