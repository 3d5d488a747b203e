"""Run tests on every Python from 3.11 up that this machine has: ``python tests/every_python.py FOLDER …``.

Students bring other versions than the one that the kit is developed with. Interpreters are looked for on the PATH and
in pyenv; each version gets a virtual environment of its own below ``build/pythons``, where the kit is installed with
all it needs, so that the installation is tried, too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
OLDEST, NEWEST = 11, 30
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def interpreters() -> dict[str, str]:
    """The interpreters by version, ``"3.12"``; of several with the same version the first."""
    versions = [f"3.{minor}" for minor in range(OLDEST, NEWEST)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found: dict[str, str] = {}
    for version in versions:
        candidates = [shutil.which(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python"))]
        works = (str(path) for path in candidates if path and _version(str(path)) == version)
        if first := next(works, ""):
            found[version] = first
    return found


def _version(interpreter: str) -> str:
    """What it says; ``""`` for one that does not run, as pyenv's own scripts do for versions that are not active."""
    ran = subprocess.run([interpreter, "-c", VERSION], capture_output=True, text=True, check=False)
    return ran.stdout.strip()


def prepared(version: str, interpreter: str) -> Path:
    """The interpreter of the version's virtual environment, with the kit installed in it as it is now."""
    folder = ROOT / "build" / "pythons" / version
    python = folder / "bin" / "python"
    if not python.exists():
        print(
            f"Python {version}: installing the kit into {folder.relative_to(ROOT)}; once, about a minute.", flush=True
        )
        subprocess.run([interpreter, "-m", "venv", folder], check=True)
    quiet = ("--quiet", "--quiet", "--progress-bar", "off", "--disable-pip-version-check", "--root-user-action=ignore")
    subprocess.run([python, "-m", "pip", "install", *quiet, "--editable", f"{ROOT}[dev]"], check=True)
    return python


def main(*tests: str) -> int:
    """Run the tests on each; how many versions failed."""
    found = interpreters()
    if not found:
        print("No Python from 3.11 up is on the PATH or in pyenv; nothing was tried.")
        return 0
    print("\n".join(["Tried are:", *(f"  Python {version}: {path}" for version, path in found.items())]), flush=True)
    failed = []
    for version, interpreter in found.items():
        print(f"Python {version}", flush=True)
        options = ("-q", "-m", "not slow", "--numprocesses", "logical", "--dist", "loadfile", "-p", "no:cacheprovider")
        try:
            python = prepared(version, interpreter)
            subprocess.run([python, "-m", "pytest", *options, *tests], cwd=ROOT, check=True)
        except subprocess.CalledProcessError:
            failed.append(version)
    print(f"Tried Python {', '.join(found)}; {'failed: ' + ', '.join(failed) if failed else 'all passed'}.")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
