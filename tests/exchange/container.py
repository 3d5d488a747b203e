"""Run an autograder's scripts as Gradescope does: as root in a container, with its paths and Docker's capabilities.

The container is a root folder of its own in a mount namespace. Beside the system's programs it has this Python, at its
own place, and ``/autograder``: nothing else of this machine, and no bubblewrap. As a program, ``container.py ROOT
COMMAND …`` enters it.
"""

from __future__ import annotations

import ctypes
import io
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

# Those of a container that Docker starts without options, in the words of setpriv.
_CAPABILITIES = (
    "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,"
    "+sys_chroot,+mknod,+audit_write,+setfcap"
)
_CLONE_NEWNS = 0x20000
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives")


@cache
def lacking() -> str:
    """What a container needs and this machine, or this user, does not have; empty if it has everything."""
    if missing := [program for program in ("setpriv", "unshare", "mount") if shutil.which(program) is None]:
        return f"the program {missing[0]} (util-linux) is not installed"
    tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return "" if os.geteuid() == 0 and tried.returncode == 0 else "only root may make a container, by a mount namespace"


class Container:
    """A container in a folder.

    Parameters
    ----------
    root : Path
        An empty folder, which becomes the container's root.
    bundle : bytes
        The zip that is uploaded.
    """

    def __init__(self, root: Path, bundle: bytes) -> None:
        self.root = root
        self.autograder = root / "autograder"
        source = self.autograder / "source"
        source.mkdir(parents=True)
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            archive.extractall(source)
            for info in archive.infolist():
                (source / info.filename).chmod(stat.S_IMODE(info.external_attr >> 16))
        shutil.copy(source / "run_autograder", self.autograder)
        (self.autograder / "results").mkdir()
        root.chmod(0o755)

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script in ``/autograder``."""
        command = [sys.executable, "-I", __file__, str(self.root), script]
        variables = {"PATH": "/usr/bin:/bin", "HOME": "/root", "LANG": "C.UTF-8", **environment}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=variables, timeout=250)

    def hand_in(self, files: Mapping[str, bytes], metadata: str) -> None:
        """Put a submission where Gradescope does, in place of an earlier one."""
        submission = self.autograder / "submission"
        shutil.rmtree(submission, ignore_errors=True)
        for name, data in files.items():
            (submission / name).parent.mkdir(parents=True, exist_ok=True)
            (submission / name).write_bytes(data)
        (self.autograder / "submission_metadata.json").write_text(metadata)
        (self.autograder / "results" / "results.json").unlink(missing_ok=True)


def _enter(root: str, script: str) -> None:
    if ctypes.CDLL(None).unshare(_CLONE_NEWNS):
        sys.exit("a mount namespace cannot be had")
    _mount("--make-rprivate", "/")
    pythons = {sys.prefix, sys.base_prefix, *(path for path in sys.path if path.endswith("-packages"))}
    for path in (*_SYSTEM, *sorted(pythons)):
        _show(path, root)
    for path in ("/proc", "/dev", "/sys"):
        Path(f"{root}{path}").mkdir(exist_ok=True)
        _mount("--rbind", path, f"{root}{path}")
    for program in ("usr/bin/bwrap", "usr/local/bin/bwrap"):
        if Path(root, program).exists():
            _mount("--bind", "/dev/null", f"{root}/{program}")
    Path(root, "tmp").mkdir(exist_ok=True)
    Path(root, "tmp").chmod(0o1777)
    os.chroot(root)
    os.chdir("/autograder")
    os.execv("/usr/bin/setpriv", ["setpriv", "--bounding-set", _CAPABILITIES, script])


def _show(path: str, root: str) -> None:
    """Make a path of this machine the container's, too; a link stays a link."""
    target = Path(f"{root}{path}")
    if not os.path.lexists(path) or (os.path.lexists(target) and any(target.iterdir() if target.is_dir() else [1])):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if os.path.islink(path):
        target.symlink_to(os.readlink(path))
        return
    if os.path.isdir(path):
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    _mount("--bind", path, str(target))
    _mount("-o", "remount,bind,ro", str(target))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    _enter(*sys.argv[1:])
