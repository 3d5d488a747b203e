"""The table of promises in docs/security.md: what the doctor finds, for each user and confinement.

``python tests/sandbox/promises.py`` prints it anew; it needs root, bubblewrap and Landlock.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from as_ordinary_user import ordinary  # noqa: E402 (found by the line above)

CONFINEMENTS = {"bubblewrap": "Bubblewrap", "landlock": "Landlock"}
USERS = {
    "ordinary user": ordinary,
    "container's root": lambda *command: ["setpriv", "--bounding-set", "-sys_admin,-sys_ptrace", *command],
    "root": lambda *command: list(command),
}
_RUN_PROBES = """
import json
from grader.sandbox.doctor import run_all_probes
from grader.sandbox.{name} import {kind}

print(json.dumps({{probe.promise: [probe.kept, probe.promised, probe.detail] for probe in run_all_probes({kind}())}}))
"""


def found(user: str, confinement: str) -> dict[str, tuple[bool, bool, str]]:
    """What the doctor finds: promise → whether it was kept, whether it was made, what was reached."""
    program = _RUN_PROBES.format(name=confinement, kind=CONFINEMENTS[confinement])
    command = USERS[user](sys.executable, "-c", program)
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    return {promise: tuple(seen) for promise, seen in json.loads(done.stdout).items()}


def documented() -> dict[str, dict[tuple[str, str], str]]:
    """The table as it stands: promise → its mark for each user and confinement."""
    lines = (ROOT / "docs" / "security.md").read_text("utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| promise"))
    columns = [tuple(re.split(r", ", cell)) for cell in _cells(lines[start])[1:]]
    table = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        promise, *marks = _cells(line)
        table[promise] = dict(zip(columns, marks, strict=True))
    return table


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def table() -> list[str]:
    """The table's lines, made anew."""
    columns = [(user, confinement) for confinement in CONFINEMENTS for user in USERS]
    seen = {column: found(*column) for column in columns}
    lines = [
        f"| promise | {' | '.join(f'{user}, {confinement}' for user, confinement in columns)} |",
        f"|---|{':-:|' * len(columns)}",
    ]
    for promise in seen[columns[0]]:
        shown = [seen[column][promise] for column in columns]
        marks = ["○" if not promised else "✓" if kept else "✗" for kept, promised, _ in shown]
        lines.append(f"| {promise} | {' | '.join(marks)} |")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
