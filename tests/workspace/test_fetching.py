"""A release is fetched from an address: over https only, with a limit, and a broken transfer is no release."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from small_releases import archive, release

from utils.workspace.updating import download
from utils.workspace.updating.download import fetch, is_address
from utils.workspace.updating.release import UnusableRelease, read_release


class Answers(BaseHTTPRequestHandler):
    """Gives a release, a part of one, a redirection, or nothing."""

    def do_GET(self) -> None:
        data = archive(release())
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "http://example.org/pets.zip")
        elif self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/pets.zip")
        elif self.path in ("/pets.zip", "/broken.zip"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
        else:
            self.send_response(404)
        self.end_headers()
        if self.path in ("/pets.zip", "/broken.zip"):
            self.wfile.write(data if self.path == "/pets.zip" else data[:100])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.mark.parametrize("name", ["pets.zip", "moved"])
def test_a_release_is_fetched_and_progress_is_told(server: str, name: str) -> None:
    told: list[tuple[int, int | None]] = []
    data = fetch(f"{server}/{name}", lambda done, size: told.append((done, size)))
    assert read_release(data) == release()
    assert told[-1] == (len(data), len(data))


@pytest.mark.parametrize(
    "address",
    ["http://example.org/pets.zip", "file:///etc/passwd", "ftp://example.org/x", "http://localhost.example.org/x"],
)
def test_an_address_that_anybody_could_change_is_refused(address: str) -> None:
    assert is_address(address)
    with pytest.raises(UnusableRelease, match="does not begin with https://"):
        fetch(address)


def test_a_redirection_to_such_an_address_is_refused(server: str) -> None:
    with pytest.raises(UnusableRelease, match=r"http://example\.org/pets\.zip does not begin with https://"):
        fetch(f"{server}/elsewhere")


def test_what_breaks_off_or_is_not_there_is_said(server: str) -> None:
    with pytest.raises(UnusableRelease, match="broken off after 100 of"):
        fetch(f"{server}/broken.zip")
    with pytest.raises(UnusableRelease, match=r"cannot be fetched \(Not Found\); download it in a browser"):
        fetch(f"{server}/gone.zip")


def test_a_download_has_a_limit(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_LARGEST", 50)
    with pytest.raises(UnusableRelease, match="larger than any release"):
        fetch(f"{server}/pets.zip")


@pytest.mark.parametrize("path", ["pets.zip", "C:\\Downloads\\pets.zip", "~/Downloads/pets.zip", "./a b.zip"])
def test_a_path_is_no_address(path: str) -> None:
    assert not is_address(path)
