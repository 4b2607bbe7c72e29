"""Trained models from a server of this machine: known by their hash, whole or not there."""

import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from zoo import pretrained
from zoo.cli import main
from zoo.errors import RunError
from zoo.pretrained.fetch import fetch

pytestmark = pytest.mark.once


def archive(**files):
    """A .zip of a trained model; other members by name, with two underscores for a slash."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as content:
        if not files:
            own = pretrained.find("vae/digits")
            for path in sorted(own.rglob("*")):
                if path.is_file():
                    content.write(path, path.relative_to(own).as_posix())
        for name, text in files.items():
            content.writestr(name.replace("__", "/"), text)
    return held.getvalue()


@pytest.fixture
def server():
    """Yields what it serves, path → bytes, and its address; counts requests under `None`."""
    served = {None: 0}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served[None] += 1
            content = served.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            lacking = 10 if self.path == "/cut.zip" else 0
            self.send_header("Content-Length", str(len(content) + lacking))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield served, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("GENZOO_HOME", str(folder))
    return folder


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_a_fetched_model_is_used_by_its_name_and_not_downloaded_again(server, home, capsys):
    served, address = server
    served["/digits.zip"] = archive()
    words = ["fetch", "mine/digits", "--url", f"{address}/digits.zip"]
    words += ["--sha256", sha256(served["/digits.zip"])]
    assert main(words) == 0
    assert capsys.readouterr().out == f"{home / 'mine' / 'digits'}\n"
    assert main(["sample", "mine/digits", "--out", str(home / "x.png")]) == 0
    assert "mine/digits" in pretrained.available()
    assert main(words) == 0
    assert served[None] == 1
    with pytest.raises(RunError, match="holds a model"):
        fetch("mine/digits", f"{address}/digits.zip", "0" * 64)


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("/digits.zip", archive(), "has the SHA-256 0000"),
        ("/cut.zip", archive(), "has the SHA-256|IncompleteRead"),
        ("/none.zip", None, "cannot be downloaded: HTTP Error 404"),
    ],
)
def test_nothing_is_left_of_what_is_not_as_it_was_named(server, home, path, content, message):
    served, address = server
    served |= {} if content is None else {path: content}
    with pytest.raises(RunError, match=message):
        fetch("mine/digits", address + path, "0" * 64)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"no archive",
        archive(**{"scores.json": "{}"}),
        archive(**{"model.keras": "", "..__x": ""}),
        archive(**{"model.keras": "", "bundle__..__..__x": ""}),
        archive(**{"model.keras": "", "code.py": ""}),
    ],
    ids=["bytes", "scores", "outside", "further", "code"],
)
def test_an_archive_holds_a_model_and_nothing_else(server, home, content):
    served, address = server
    served["/a.zip"] = content
    with pytest.raises(RunError, match="The archive holds|is no .zip archive"):
        fetch("mine/digits", f"{address}/a.zip", sha256(content))
    assert list(home.iterdir()) == []


def test_names_urls_and_hashes_are_checked_and_there_is_a_folder(home, monkeypatch):
    for name, url, digest, message in (
        ("digits", "http://x", "0" * 64, "MODEL/DATA"),
        ("../digits", "http://x", "0" * 64, "MODEL/DATA"),
        ("a/b", "ftp://x", "0" * 64, "http, https or file"),
        ("a/b", "http://x", "0", "64 hexadecimal"),
    ):
        with pytest.raises(RunError, match=message):
            fetch(name, url, digest)
    monkeypatch.delenv("GENZOO_HOME")
    with pytest.raises(RunError, match="GENZOO_HOME"):
        fetch("a/b", "http://x", "0" * 64)
