"""The only process that meets a student's code. It is confined, and it knows no answer.

Started as ``python -I -S -B worker.py UTILS SITE…``: the folder of the package ``utils`` and the folders that third-
party packages are imported from. Neither ``site`` nor the repository's root is used, so that what can be imported is
just what is listed; packages whose parent folder may not be looked into are loaded from their own folder.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from types import ModuleType


def _load_package(name: str, folder: str) -> ModuleType:
    """Import a package from its own folder; its parent folder is not looked at."""
    spec = importlib.util.spec_from_file_location(
        name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is not a package")
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)
    return package


def _take_wire() -> tuple[int, int]:
    """Move the pipes away from fds 0 and 1, so that what a student prints or reads never meets the protocol."""
    inbound, outbound = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1):
        os.dup2(null, fd)
    os.close(null)
    return inbound, outbound


def main(utils: str, site: list[str]) -> None:
    """Serve until the wire closes."""
    inbound, outbound = _take_wire()
    sys.path.extend(site)
    _load_package("utils", utils)
    _load_package("inside", os.path.dirname(os.path.abspath(__file__)))
    importlib.import_module("inside.session").serve(inbound, outbound)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
