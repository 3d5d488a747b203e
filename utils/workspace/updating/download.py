"""Fetch a release from an address, with a limit on its size."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from .release import UnusableRelease

_LARGEST = 500 * 2**20  # bytes
_BLOCK = 256 * 2**10
_SECONDS = 30  # without any answer


def is_address(source: str) -> bool:
    """Tell whether a release is given as an address and not as a path."""
    return "://" in source


def fetch(address: str, tell: Callable[[int, int | None], None] = lambda done, size: None) -> bytes:
    """Download a file.

    Parameters
    ----------
    address : str
        It begins with ``https://``; ``http://`` is refused, except for a server on this machine.
    tell : callable, optional
        ``tell(done, size)`` is called after each block: bytes that have come, and how many there are, if known.

    Raises
    ------
    UnusableRelease
        When it cannot be fetched, or is too large.
    """
    _check_address(address)
    opener = urllib.request.build_opener(_SafeRedirects)
    try:
        with opener.open(address, timeout=_SECONDS) as answer:
            length = answer.headers.get("Content-Length", "")
            size = int(length) if length.isdigit() else None
            data = bytearray()
            while block := answer.read(_BLOCK):
                data += block
                if len(data) > _LARGEST:
                    raise UnusableRelease(f"{address} is larger than any release of a course; look at the address.")
                tell(len(data), size)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise UnusableRelease(
            f"{address} cannot be fetched ({reason}); download it in a browser and give the file's name."
        ) from None
    if size is not None and len(data) < size:
        raise UnusableRelease(f"{address} has broken off after {len(data)} of {size} bytes; try again.")
    return bytes(data)


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.scheme == "https" or here):
        raise UnusableRelease(f"{address} does not begin with https://; anybody on the way could change what comes.")


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follow a redirection only to an address that would be taken itself."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        _check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
