"""Network namespaces, each with one address and a link to this one: hosts that share nothing but a wire."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

HERE = "10.231.57.1"  # this machine's address on the wire
_PREFIX = f"gr{os.getpid()}"  # names of interfaces have at most 15 characters


def why_not() -> str:
    """Why namespaces cannot be made here; empty where they can."""
    if os.geteuid() or shutil.which("ip") is None:
        return "network namespaces need root and the program ip"
    try:
        with namespaces(1):
            return ""
    except subprocess.CalledProcessError as error:
        return f"network namespaces cannot be made here: {error}"


@contextmanager
def namespaces(count: int) -> Iterator[list[tuple[str, Sequence[str]]]]:
    """Make namespaces; yield the address of each, and what a command begins with that runs in it."""
    bridge = f"{_PREFIX}b"
    made = []
    try:
        _ip("link", "add", bridge, "type", "bridge")
        made.append(("link", "delete", bridge))
        _ip("address", "add", f"{HERE}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        hosts: list[tuple[str, Sequence[str]]] = []
        for number in range(count):
            name, address = f"{_PREFIX}n{number}", f"10.231.57.{10 + number}"
            _ip("netns", "add", name)
            made.append(("netns", "delete", name))
            _ip("link", "add", f"{name}o", "type", "veth", "peer", "name", "wire", "netns", name)
            _ip("link", "set", f"{name}o", "master", bridge, "up")
            within = ("ip", "netns", "exec", name)
            for step in (
                ("address", "add", f"{address}/24", "dev", "wire"),
                ("link", "set", "wire", "up"),
                ("link", "set", "lo", "up"),
            ):
                _ip("-netns", name, *step)
            hosts.append((address, within))
        yield hosts
    finally:
        for command in reversed(made):
            subprocess.run(["ip", *command], check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
