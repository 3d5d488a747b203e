"""Starting what a browser talks to: JupyterLab, Notebook, Voila, each with a home of its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import nbformat

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


@contextmanager
def server(home: Path, *command: str, **environment: str) -> Iterator[tuple[str, int]]:
    """Run ``python -m command``; gives the address that it prints, once it listens there, and its process id.

    A server that chooses the port by itself (0) never meets another one.
    """
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME")
    environment = {**os.environ, **{name: str(home / name) for name in homes}, **environment}
    log = home / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], env=environment, cwd=home, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield _address(process, log), process.pid
    finally:
        process.terminate()
        process.wait(30)


def jupyter(kind: str, root: Path, home: Path) -> AbstractContextManager[tuple[str, int]]:
    """JupyterLab or Notebook on the folder `root`, for whoever asks."""
    options = ("--no-browser", "--allow-root", "--port=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={root}")
    return server(home, kind, *options, PYTHONPATH=str(root))


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    for _ in range(600):
        found = re.search(r"http://(?:localhost|127\.0\.0\.1):(\d+)", log.read_text())
        with socket.socket() as probe:
            if found and probe.connect_ex(("127.0.0.1", int(found.group(1)))) == 0:
                return f"http://127.0.0.1:{found.group(1)}"
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise AssertionError(f"the server did not start: {log.read_text()[-2000:]}")


def notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells."""
    code = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": KERNEL}), path)
