"""Files appear whole or not at all."""

import errno
import os
import stat

import pytest

from zoo.errors import TargetError, ZooError
from zoo.files import replacing, write_atomically

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "content", [b"caf\xc3\xa9", "café", lambda file: file.write(b"caf\xc3\xa9")]
)
def test_writes_bytes_text_and_what_a_function_writes(tmp_path, content):
    path = write_atomically(tmp_path / "new" / "folder" / "a.txt", content)
    assert path.read_text(encoding="utf-8") == "café"
    assert os.listdir(path.parent) == ["a.txt"]


def test_replaces_the_file_that_was_there(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    write_atomically(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_temporary_path_keeps_the_suffix_and_lies_beside(tmp_path):
    with replacing(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras"
        assert temporary.parent == tmp_path.resolve()
        temporary.write_bytes(b"x")
    assert (tmp_path / "model.keras").read_bytes() == b"x"


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interruption_leaves_the_old_file_and_nothing_else(tmp_path, error):
    (tmp_path / "a.txt").write_text("old")

    def torn(file):
        file.write(b"half")
        raise error

    with pytest.raises(error):
        write_atomically(tmp_path / "a.txt", torn)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path):
    def full(file):
        file.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(TargetError, match=r"Cannot write .*a\.txt: No space left on device\.$"):
        write_atomically(tmp_path / "a.txt", full)
    assert os.listdir(tmp_path) == []


def test_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(TargetError, match="Cannot write"):
        write_atomically(tmp_path / "file" / "a.txt", "x")


def test_target_that_is_not_a_regular_file_is_refused(tmp_path):
    for path in [tmp_path, "/dev/null"]:
        with pytest.raises(TargetError, match="not a regular file"):
            write_atomically(path, "x")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_symbolic_link_is_followed(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    write_atomically(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_target_errors_are_zoo_errors_and_os_errors():
    assert issubclass(TargetError, ZooError)
    assert issubclass(TargetError, OSError)
