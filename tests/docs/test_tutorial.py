"""What a reader of docs/author.md types is what is run here: each command, and each file as it is shown."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from grader import cli, reference
from grader.course import load

PAGE = Path(__file__).parents[2] / "docs" / "author.md"
TUTORIAL = PAGE.read_text("utf-8").partition("\n# Reference\n")[0]
STEPS = re.findall(r"((?:[^`]|`[^`\n]+`)*?)^```(\w+)\n(.*?)^```$", TUTORIAL, re.DOTALL | re.MULTILINE)


@pytest.mark.slow
def test_does_the_tutorial_work_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said = {}
    for text, language, block in STEPS:
        if language == "console":
            for line in block.splitlines():
                said[line] = run(line, monkeypatch, capfd)
        else:
            (name,) = set(re.findall(r"In `(solutions/[^`]+)`", text))
            edit(Path(name), block)
    assert "TO WRITE" not in "".join(path.read_text("utf-8") for path in Path("solutions").rglob("*.*y"))
    assert "8 things to put right" in said["grader prove tables.scale  # exit code 2"]
    assert " 0 missed" in said["grader prove tables.scale"]
    assert "Everything fits" in said["grader check-course"]
    assert "5 of 5 points" in said["grader check solutions --assignment hw1"]
    assert "YOUR CODE HERE: tables.scale (hw1, 2 points)" in Path("mycourse/tables.py").read_text("utf-8")
    assert [exercise.name for _, exercise in load(Path()).exercises()] == ["tables.centre", "tables.scale"]
    drop_again(monkeypatch, capfd)


def drop_again(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The last sentence: a line less in course.toml, and nothing else, is released and graded."""
    text = Path("course.toml").read_text("utf-8")
    Path("course.toml").write_text(text.replace('    { name = "tables.scale", points = 2 },\n', ""), "utf-8")
    said = run("grader release", monkeypatch, capfd)
    assert "no exercise of this course: scale (line" in said
    assert "check(scale)" not in Path("assignments/hw1/first_steps.ipynb").read_text("utf-8")
    assert "scale: not part of this course" in Path("mycourse/tables.py").read_text("utf-8")
    assert "3 of 3 points" in run("grader check solutions --assignment hw1", monkeypatch, capfd)


def run(line: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> str:
    """Run a command as from a shell; a comment behind it says its exit code, if it is not 0."""
    words = shlex.split(line, comments=True)
    if words[0] == "cd":
        monkeypatch.chdir(words[1])
        return ""
    assert words[0] == "grader"
    if words[1] == "check":  # what grades keeps the course it has read as long as its process lives
        command = [sys.executable, "-P", "-m", "grader.cli", *words[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
    forget()
    with pytest.raises(SystemExit) as ended:
        cli.main(words[1:])
    out, err = capfd.readouterr()
    expected = re.search(r"# exit code (\d)", line)
    assert ended.value.code == (int(expected[1]) if expected else 0), out + err
    return out + err


def forget() -> None:
    """As in a new process: nothing of the course is imported yet."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "solutions"]:
        del sys.modules[name]
    reference._LOADED.clear()


def edit(path: Path, block: str) -> None:
    """Do what the text says: replace a function, or the cell that says TO WRITE, or the whole file."""
    text = path.read_text("utf-8")
    assert "TO WRITE" in text
    if path.parent.name == "hw1":
        cell = next(cell for cell in re.split(r"(?=^# %%)", text, flags=re.MULTILINE) if "TO WRITE" in cell)
        block = text.replace(cell, f"{block}\n")
    elif path.parent.name == "mycourse":
        name = ast.parse(block).body[0].name
        old = next(node for node in ast.parse(text).body if getattr(node, "name", "") == name)
        lines = text.split("\n")
        lines[old.lineno - 1 :] = [*block.rstrip("\n").split("\n"), *lines[old.end_lineno + 1 :]]
        block = "\n".join(lines)
    path.write_text(block, "utf-8")
