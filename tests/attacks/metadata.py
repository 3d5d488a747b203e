"""Metadata: modes, owners, times and attributes of files that can be neither read nor written."""

from .bank import attack

OTHER = "COURSE_FOLDER/submitted/bob/a1/nndl/layers.py"
BOOK = "COURSE_FOLDER/gradebook.json"


def _tried(intent: str, call: str) -> None:
    """An attack that makes one call, whatever becomes of it."""
    attack("metadata", intent, "host", f"""
    def relu_forward(x):
        try:
            {call}
        except OSError:
            pass
        return wrong(x)
""")  # fmt: skip


def _opened(intent: str, call: str) -> None:
    """The same on a file that is open."""
    _tried(intent, f"fd = os.open('{OTHER}', os.O_RDONLY); {call}")


_tried("everybody may write another student's file", f"os.chmod('{OTHER}', 0o666)")
_tried("another student's file is closed", f"os.chmod('{OTHER}', 0)")
_tried("another student's folder is closed", "os.chmod('COURSE_FOLDER/submitted/bob', 0o700)")
_tried("the gradebook is opened to all", f"os.chmod('{BOOK}', 0o666)")
_tried("another student's file is given away", f"os.chown('{OTHER}', os.getuid(), 12345)")
_tried("another student handed in years later", f"os.utime('{OTHER}', (4e9, 4e9))")
_tried("a hand-in time to the nanosecond", f"os.utime('{OTHER}', ns=(1, 1))")
_tried("a mark on another student's file", f"os.setxattr('{OTHER}', 'user.copied', b'yes')")
_tried("a mark on another student's folder", "os.setxattr('COURSE_FOLDER/submitted/bob', 'user.copied', b'yes')")
_tried(
    "a mode through the call that follows no links",
    f"__import__('ctypes').CDLL(None).fchmodat(-100, b'{OTHER}', 0o666, 0)",
)
_opened("a mode through an open file", "os.fchmod(fd, 0o666)")
_opened("times through an open file", "os.utime(fd, (1, 1))")
_opened("an attribute through an open file", "os.setxattr(fd, 'user.copied', b'yes')")
_tried(
    "a mode through the folder above",
    "os.chmod('layers.py', 0o666, dir_fd=os.open('COURSE_FOLDER/submitted/bob/a1/nndl', os.O_RDONLY))",
)
