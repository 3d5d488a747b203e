"""The documentation names no file that is gone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "grader" / "authoring" / "template"
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
HOMES = (ROOT, ROOT / "docs", ROOT / "solutions" / "exercises", ROOT / "tests" / "fuzz", TEMPLATE)
SOURCES = [ROOT / name for name in ("docs", "utils", "solutions", "grader", "tests", "benchmarks")]
# while a course runs
MADE = {"build", "demo", "dist", "submitted", "autograded", "feedback", "data", "models", "backups", "decisions.toml"}
_PATH = re.compile(r"(?:\.?[\w-]+/)+[\w.*-]*|[\w-]+\.(?:py|md|toml|ipynb|yml|ini|cfg)")


def paths(text: str) -> list[str]:
    """The paths between backquotes, without what stands between fences."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [quoted for quoted in re.findall(r"`([^`\n]+)`", prose) if _PATH.fullmatch(quoted)]


def there(path: str) -> bool:
    if "/" not in path:
        return (ROOT / path).exists() or any(any(folder.rglob(path)) for folder in SOURCES)
    return any(any(home.glob(path.rstrip("/"))) for home in HOMES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    if page.name == "author.md":
        text = text.partition("\n# Reference\n")[2]  # what stands before it is carried out by test_tutorial
    gone = [path for path in paths(text) if path.split("/")[0] not in MADE and not there(path)]
    assert gone == []


def test_a_path_that_is_gone_is_seen() -> None:
    assert paths("See `grader/exercises/layers.py`, `x + y`, `a/b`\n```\n`no/path`\n```\n") == [
        "grader/exercises/layers.py",
        "a/b",
    ]
    assert not there("grader/exercises/layers.py")
    assert not there("variants_further.py")
    assert there("docs/author.md")
