"""How long the pages of a class take to write and to open, and how large they are, without grading anything.

    python -m benchmarks.class_pages                   classes of 100, 1,000 and 10,000
    python -m benchmarks.class_pages --write           the same, put into docs/scale.md

The reports are those of `benchmarks.made_up_reports`; for similar programs, each student has 400 fingerprints that are
made up, of which many are shared. Each size has a process of its own, whose peak memory (VmHWM) is printed, for the
pages and for similar programs apart. *Open* and *search* are the class page in Chromium, where it is installed: until
it is loaded, and from a key press until the table has changed; the median of five.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import track

from grader import course as courses
from grader import feedback
from grader.submission.similarity import similar_pairs

from .made_up_reports import made_up_reports
from .scale import ROOT, peak, size
from .sections import put

FINGERPRINTS = 400
SEARCH = """() => {
    const field = document.querySelector("[name=q]");
    const start = performance.now();
    field.value = "jose";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.offsetHeight;
    return performance.now() - start;
}"""


def pages(count: int, out: Path) -> dict[str, str]:
    """Write the pages of a class twice, and return what was found, by the heading of its column."""
    course = courses.load(ROOT)
    assignment = course["hw4"]

    def write() -> tuple[float, Path]:
        start = time.perf_counter()
        reports = made_up_reports(course, assignment, count)
        index = feedback.write(reports, course, assignment, out, secret=b"the secret of the benchmark")
        return time.perf_counter() - start, index

    (first, index), (again, _) = write(), write()
    return {
        "students": f"{count:,}",
        "written, s": f"{first:.1f}",
        "unchanged, s": f"{again:.1f}",
        "peak memory, MiB": f"{peak():.0f}",
        "students' pages, MiB": f"{size(index.parents[1] / 'students'):.1f}",
        "class page, MiB": f"{size(index):.1f}",
    }


def similar(count: int) -> dict[str, str]:
    """Search a class of made-up programs for similar ones."""
    rng = random.Random(0)
    shared = [rng.randbytes(8) for _ in range(10 * FINGERPRINTS)]

    def own() -> Iterator[tuple[str, frozenset[bytes]]]:
        for number in range(count):
            # A third nobody else has; the others are shared, some by a few and some by most.
            found = {rng.randbytes(8) for _ in range(FINGERPRINTS // 3)}
            found |= {shared[int(len(shared) * rng.random() ** 3)] for _ in range(2 * FINGERPRINTS // 3)}
            yield f"{number:05}", frozenset(found)

    before, start = peak(), time.perf_counter()
    similar_pairs(own())
    return {"similar, s": f"{time.perf_counter() - start:.1f}", "its memory, MiB": f"{peak() - before:.0f}"}


def browser(page: Path) -> dict[str, str]:
    """Open a class page in Chromium, and search in it; nothing where there is none."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return {}
    from playwright.sync_api import sync_playwright

    opened, searched = [], []
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(5):
            tab = instance.new_page()
            tab.goto(page.as_uri())
            opened.append(tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
            searched.append(tab.evaluate(SEARCH))
            tab.close()
        instance.close()
    return {"open, ms": f"{median(opened):.0f}", "search, ms": f"{median(searched):.0f}"}


def main() -> None:
    """Run what the arguments ask for, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.class_pages", description=__doc__.splitlines()[0])
    parser.add_argument("students", type=int, nargs="*", default=[100, 1000, 10_000], help="sizes of classes")
    parser.add_argument("--write", action="store_true", help="put the table into docs/scale.md")
    asked = parser.parse_args()
    rows: list[dict[str, str]] = []
    for count in track(asked.students, "writing pages", console=Console(stderr=True)):
        with tempfile.TemporaryDirectory() as out:
            found: dict[str, str] = {}
            for task, arguments in ((pages, (count, Path(out))), (similar, (count,))):
                with ProcessPoolExecutor(1, get_context("spawn")) as process:
                    found |= process.submit(task, *arguments).result()
            rows.append(found | browser(Path(out, "hw4", "class", "index.html")))
    lines = [" | ".join(cells) for cells in ([*rows[0]], ["---:" for _ in rows[0]], *(row.values() for row in rows))]
    text = "\n".join(f"| {line} |" for line in lines)
    print(text)
    if asked.write:
        put(ROOT / "docs" / "scale.md", "pages", text)


if __name__ == "__main__":
    main()
