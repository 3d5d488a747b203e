"""The download, against a server on this machine that cuts, lies and refuses."""

import io
import socket
import tarfile
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from tiny_cifar10 import FOLDER, NAMES, make_archive, make_folder

from utils.cifar10 import read_split
from utils.download import ARCHIVE, MIRRORS, download_CIFAR10, unpack
from utils.errors import DataError


class Mirror:
    """What a server does, and what it was asked for."""

    def __init__(self, content, ranges=True, cut_after=None, status=None):
        self.content, self.ranges, self.cut_after, self.status = content, ranges, cut_after, status
        self.asked = []


class Handler(BaseHTTPRequestHandler):
    def __init__(self, mirrors, *arguments):
        self.mirrors = mirrors
        super().__init__(*arguments)

    def do_GET(self):
        mirror = self.mirrors[self.path.split("/")[1]]
        wanted = self.headers.get("Range")
        mirror.asked.append(wanted)
        if mirror.status:
            self.send_error(mirror.status)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and mirror.ranges else 0
        if start and start >= len(mirror.content):
            self.send_error(416)
            return
        body = mirror.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if mirror.cut_after is None else body[: mirror.cut_after])

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """``serve(name=Mirror(...))`` returns the addresses, in that order."""
    mirrors = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, mirrors))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def add(**new):
        mirrors.update(new)
        return [f"http://127.0.0.1:{server.server_port}/{name}/{ARCHIVE}" for name in new]

    yield add
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def archive(tmp_path):
    return make_archive(tmp_path)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "target"


def dead_address():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{closed.getsockname()[1]}/{ARCHIVE}"


def assert_is_the_set(folder, target, tmp_path):
    assert folder == target / FOLDER
    X, y = read_split(folder, "train")
    X_source, y_source = read_split(tmp_path / "source" / FOLDER, "train")
    np.testing.assert_array_equal(X, X_source)
    np.testing.assert_array_equal(y, y_source)
    assert [path.name for path in target.iterdir()] == [FOLDER]  # no archive, no part, no scratch folder


def refusal(call, *arguments, **options):
    with pytest.raises(DataError) as error:
        call(*arguments, **options)
    message = str(error.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_it_arrives(archive, target, serve, tmp_path):
    path, md5 = archive
    mirror = Mirror(path.read_bytes())
    assert_is_the_set(download_CIFAR10(target, serve(good=mirror), md5), target, tmp_path)
    assert len(mirror.asked) == 1


def test_what_is_there_is_not_fetched_again(tmp_path, serve):
    folder = make_folder(tmp_path)
    mirror = Mirror(b"")
    assert download_CIFAR10(tmp_path, serve(unused=mirror), "0" * 32) == folder
    assert mirror.asked == []


def test_a_dead_mirror_and_a_refusing_one_are_passed_over(archive, target, serve, tmp_path):
    path, md5 = archive
    urls = serve(refusing=Mirror(b"", status=503), good=Mirror(path.read_bytes()))
    assert_is_the_set(download_CIFAR10(target, [dead_address(), *urls], md5), target, tmp_path)


def test_an_interrupted_transfer_goes_on_where_it_stopped(archive, target, serve, tmp_path):
    path, md5 = archive
    content = path.read_bytes()
    cut, good = Mirror(content, cut_after=100_000), Mirror(content)
    urls = serve(cut=cut, good=good)
    message = refusal(download_CIFAR10, target, urls[:1], md5)
    kept = (target / f"{ARCHIVE}.part").read_bytes()
    assert kept == content[: len(kept)]
    assert len(kept) > 50_000
    assert f"ended at {len(kept)} of {len(content)} bytes" in message
    assert_is_the_set(download_CIFAR10(target, urls[1:], md5), target, tmp_path)
    assert good.asked == [f"bytes={len(kept)}-"]


def test_the_next_mirror_goes_on_with_what_the_last_one_sent(archive, target, serve, tmp_path):
    path, md5 = archive
    content = path.read_bytes()
    urls = serve(
        first=Mirror(content, cut_after=70_000), second=Mirror(content, cut_after=30_000), third=Mirror(content)
    )
    assert_is_the_set(download_CIFAR10(target, urls, md5), target, tmp_path)


def test_a_server_without_ranges_starts_over(archive, target, serve, tmp_path):
    path, md5 = archive
    content = path.read_bytes()
    target.mkdir()
    (target / f"{ARCHIVE}.part").write_bytes(content[:500])
    assert_is_the_set(download_CIFAR10(target, serve(plain=Mirror(content, ranges=False)), md5), target, tmp_path)


def test_a_part_that_is_already_whole(archive, target, serve, tmp_path):
    path, md5 = archive
    target.mkdir()
    (target / f"{ARCHIVE}.part").write_bytes(path.read_bytes())
    assert_is_the_set(download_CIFAR10(target, serve(good=Mirror(path.read_bytes())), md5), target, tmp_path)


@pytest.mark.parametrize("part", [b"<html>not it</html>", b"x" * 10**6])
def test_a_part_with_the_wrong_bytes_is_fetched_anew_from_the_same_mirror(archive, target, serve, tmp_path, part):
    path, md5 = archive
    target.mkdir()
    (target / f"{ARCHIVE}.part").write_bytes(part)
    assert_is_the_set(download_CIFAR10(target, serve(good=Mirror(path.read_bytes())), md5), target, tmp_path)


def test_an_archive_with_the_wrong_sum_is_not_unpacked(archive, target, serve, tmp_path):
    path, md5 = archive
    forged = bytearray(path.read_bytes())
    forged[-9] ^= 1
    urls = serve(forged=Mirror(bytes(forged)), good=Mirror(path.read_bytes()))
    message = refusal(download_CIFAR10, target, urls[:1], md5)
    assert "MD5 is wrong" in message
    assert not list(target.iterdir())
    assert_is_the_set(download_CIFAR10(target, urls, md5), target, tmp_path)


def test_no_network(target):
    message = refusal(download_CIFAR10, target, [dead_address(), f"http://no-such-host.invalid/{ARCHIVE}"])
    assert "no-such-host.invalid: cannot be reached" in message
    assert "check the network" in message
    assert "unpack it in" in message


def test_an_archive_brought_by_hand_is_used(archive, target, tmp_path):
    path, md5 = archive
    target.mkdir()
    path.rename(target / ARCHIVE)
    assert_is_the_set(download_CIFAR10(target, [dead_address()], md5), target, tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    assert "name another folder" in refusal(download_CIFAR10, tmp_path / "file" / "data", [dead_address()])


def test_it_goes_where_the_environment_says(archive, target, serve, tmp_path, monkeypatch):
    path, md5 = archive
    monkeypatch.setenv("NNDL_DATA", str(target))
    urls = serve(good=Mirror(path.read_bytes()))
    assert_is_the_set(download_CIFAR10(mirrors=urls, md5=md5), target, tmp_path)


def test_the_mirrors_are_four_addresses_of_one_file():
    assert len({url.split("/")[2] for url in MIRRORS}) == 4
    assert all(url.startswith("https://") and url.endswith(f"/{ARCHIVE}") for url in MIRRORS)


def forged_archive(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def symlink(name, to):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, to
    return member


def whole(except_for=()):
    return [
        (tarfile.TarInfo(f"{FOLDER}/{name}"), b"content") for name in [*NAMES, "batches.meta"] if name not in except_for
    ]


@pytest.mark.parametrize("escape", ["../escaped", "/tmp/nndl-escaped", f"{FOLDER}/../../escaped", f"{FOLDER}/extra"])
def test_nothing_of_a_forged_archive_lands_elsewhere(tmp_path, escape):
    (tmp_path / "target").mkdir()
    path = forged_archive(tmp_path / "a.tar.gz", [(tarfile.TarInfo(escape), b"evil"), *whole()])
    unpack(path, tmp_path / "target")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.tar.gz", "target"]
    assert sorted(entry.name for entry in (tmp_path / "target" / FOLDER).iterdir()) == sorted([*NAMES, "batches.meta"])


def test_a_link_in_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "target").mkdir()
    members = [(symlink(f"{FOLDER}/test_batch", "/etc/hostname"), b""), *whole(except_for=["test_batch"])]
    message = refusal(unpack, forged_archive(tmp_path / "a.tar.gz", members), tmp_path / "target")
    assert "test_batch is no ordinary file" in message
    assert not list((tmp_path / "target").iterdir())


@pytest.mark.parametrize("damage", ["missing", "truncated", "no archive", "wrong bytes"])
def test_a_damaged_archive_leaves_nothing_behind(tmp_path, damage):
    (tmp_path / "target").mkdir()
    path = forged_archive(tmp_path / "a.tar.gz", whole(except_for=["data_batch_2"] if damage == "missing" else []))
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-30])
    elif damage == "no archive":
        path.write_bytes(b"<html>")
    elif damage == "wrong bytes":
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 255
        path.write_bytes(content)
    assert "damaged" in refusal(unpack, path, tmp_path / "target")
    assert not list((tmp_path / "target").iterdir())
