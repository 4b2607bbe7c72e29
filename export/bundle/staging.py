"""Folders that are written beside their place and moved into it; standard library alone."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import TargetError

TOKEN = 8  # characters that tell hidden folders of several processes apart


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Makes an empty folder beside `folder`, yields it, and moves it into place at the end.

    If the block raises, nothing is left and `folder` stays as it was. A process that is killed
    leaves hidden folders, `.NAME.TOKEN` and `.NAME.TOKEN.old`, which `recover` takes up.

    Raises:
        TargetError: The folder cannot be written.
    """
    folder = Path(os.path.abspath(folder))
    token = secrets.token_hex(TOKEN // 2)
    stage = folder.with_name(f".{folder.name}.{token}")
    try:
        stage.mkdir(parents=True)
        yield stage
        if folder.exists():
            old = folder.with_name(f".{folder.name}.{token}.old")
            os.rename(folder, old)
            try:
                os.rename(stage, folder)
            except OSError:
                os.rename(old, folder)
                raise
            shutil.rmtree(old)
        else:
            os.rename(stage, folder)
    except TargetError:
        raise
    except OSError as error:
        raise TargetError(f"Cannot write {folder}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def recover(folder: Path) -> None:
    """Gives a folder its place back that a process left beside it, killed between two moves.

    What the process was writing is removed with it; nothing is done where `folder` is there.
    """
    folder = Path(os.path.abspath(folder))
    if folder.exists():
        return
    found = sorted(folder.parent.glob(f".{glob.escape(folder.name)}.{'?' * TOKEN}.old"))
    if len(found) == 1:
        os.rename(found[0], folder)
        shutil.rmtree(found[0].with_suffix(""), ignore_errors=True)
