"""The second course, released, with pages of its own for a book: a formula, a wide table, a picture, both spellings."""

from __future__ import annotations

import shutil
from pathlib import Path

from PIL import Image

from grader import course as courses
from grader.course import Course

ROOT = Path(__file__).parents[1]
TABLE = """
[book]
files = "live"
figures.show_groups = "docs/groups.png"
part = [{ title = "For students", pages = ["docs/guide.md", "docs/formulas.md"] }]
reference = [{ title = "Given", modules = ["utils.checks", "utils.errors"] }]
"""
GUIDE = f"""# A guide

Batch normalisation is not needed here; see [the formulas](formulas.md#distances) and
<a href="../live.html">a page with a program</a>. [`code` in a link](formulas.md).

## Pictures

![Two groups of points, and a centre in each](groups.png)

## A wide table

| {" | ".join(f"column {k}" for k in range(14))} |
|{"---|" * 14}
| {" | ".join("unbreakable" + str(k) for k in range(14))} |

```python
for point in points:  # a line that is so long that it scrolls: {"x" * 100}
    print(f"{{point}}")
```
"""
FORMULAS = r"""# Formulas

## Distances

Each point has $\lVert x_n - c_k \rVert^2$, and the inertia is

$$J = \sum_{n=1}^N \min_k \lVert x_n - c_k \rVert^2, \qquad
\frac{\partial J}{\partial c_k} = 2 \sum_{n \in k} (c_k - x_n) .$$
"""
LIVE = '<!doctype html><html lang="en"><title>Live</title><h1>A page with a program of its own</h1>\n'


def released_course(folder: Path) -> Course:
    """Copy the second course into a folder that does not exist, release it, and add the pages of a book.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Course
    """
    from grader.release import release  # nbgrader, which takes a second

    shutil.copytree(ROOT / "tests" / "courses" / "clusters", folder, ignore=shutil.ignore_patterns("__pycache__"))
    script = folder / "solutions" / "groups" / "k-means.py"
    script.write_text(f"{script.read_text('utf-8')}\n# %%\nshow_groups(points)\n", "utf-8")
    release(courses.load(folder))
    toml = folder / "course.toml"
    toml.write_text(toml.read_text("utf-8").replace("\n[limits]", f"{TABLE}\n[limits]"), "utf-8")
    for name, text in {"docs/guide.md": GUIDE, "docs/formulas.md": FORMULAS, "live/live.html": LIVE}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    Image.new("RGB", (120, 70), "#0072b2").save(folder / "docs" / "groups.png")
    return courses.load(folder)
