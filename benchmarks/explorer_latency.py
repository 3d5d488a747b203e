"""How long it takes from a slider's key to the new picture on the screen, in a headless Chromium.

    python -m benchmarks.explorer_latency                  all explorers, with the reference's code
    python -m benchmarks.explorer_latency --moves 20       a quicker look
    python -m benchmarks.explorer_latency --before ../old  in turns with another working tree: the machine is the same

Every explorer is measured twice: with its long work stopped, and while that runs beside it. The limit is 250 ms, for 95
of 100 moves.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, Playwright, sync_playwright
from rich.console import Console
from rich.progress import track

from utils.explorers.app import EXPLORERS

LIMIT = 250.0  # milliseconds
ROOT = Path(__file__).parents[1]
# No sandbox of Chromium's own: it refuses to start as root. No talk with anybody but the page.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# From the key to the second frame after the picture was changed: then it is on the screen.
MOVE = """(handle, key) => new Promise((done, fail) => {
    const picture = handle.closest('.nndl-explorer').querySelector('svg').parentElement
    const start = performance.now()
    new MutationObserver((_, observer) => {
        observer.disconnect()
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)))
    }).observe(picture, {childList: true, subtree: true, attributes: true, characterData: true})
    setTimeout(() => fail('no new picture'), 10000)
    handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))
})"""


# How many times a second the picture changes, from the first change to the last; seen frame by frame.
FRAMES = """(explorer, milliseconds) => new Promise(done => {
    const picture = explorer.querySelector('svg').parentElement
    let changed = false, frames = 0, first = 0, last = 0
    const observer = new MutationObserver(() => { changed = true })
    observer.observe(picture, {childList: true, subtree: true, attributes: true, characterData: true})
    const start = performance.now()
    const look = () => {
        if (changed) {
            last = performance.now()
            first ||= last
            frames += 1
            changed = false
        }
        const passed = performance.now() - start
        if (passed < milliseconds) requestAnimationFrame(look)
        else { observer.disconnect(); done(1000 * (frames - 1) / (last - first)) }
    }
    look()
})"""


# Starts the server of the working tree that is the current folder.
SERVE = """
import sys
from pathlib import Path
from utils.explorers.app import serve
serve(Path(sys.argv[1]), int(sys.argv[2]), browser=False, dark=False).wait()
"""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorer_latency", description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=60, help="of each explorer's slider (default: 60)")
    parser.add_argument("--package", type=Path, default=ROOT / "solutions" / "nndl", help="whose code to run")
    parser.add_argument("--before", type=Path, help="another working tree, to be measured in turns with this one")
    parser.add_argument("--rounds", type=int, default=4, help="of taking turns (default: 4)")
    parser.add_argument("--only", nargs="*", choices=EXPLORERS, default=list(EXPLORERS), help="some explorers")
    asked = parser.parse_args()
    trees = {"before": asked.before.resolve(), "now": ROOT} if asked.before else {"now": ROOT}
    rounds = asked.rounds if asked.before else 1  # in turns: a machine is not equally busy all the time
    times: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    rates: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        pages = {
            name: stack.enter_context(opened(playwright, asked.package, 1280, tree)) for name, tree in trees.items()
        }
        for name in track(asked.only, "explorers", console=Console(stderr=True)):
            for _ in range(rounds):
                for tree, page in pages.items():
                    stopped, running = measure(page, name, max(asked.moves // rounds, 1))
                    kept = times.setdefault((name, tree), ([], []))
                    kept[0].extend(stopped)
                    kept[1].extend(running)
                    rate = playing(page, name)
                    if rate is not None:
                        rates.setdefault((name, tree), []).append(rate)
                    page.get_by_role("tab", name="Start", exact=True).click()  # where nothing plays
    kinds = ("stopped", "running", "playing")
    heads = [f"{kind}, {tree}" if len(trees) > 1 else kind for kind in kinds for tree in trees]
    print("Milliseconds from key to picture, median / 95 of 100, with work stopped and running; pictures a second.\n")
    print(f"| | {' | '.join(heads)} |\n|---{'|---' * len(heads)}|")
    for name in asked.only:
        cells = [_cell(times[name, tree][which]) for which in (0, 1) for tree in trees]
        cells += [f"{np.median(rates[name, tree]):.1f}" if (name, tree) in rates else "–" for tree in trees]
        print(f"| {name} | {' | '.join(cells)} |")
    slowest = max(float(np.percentile(found, 95)) for name in asked.only for found in times[name, "now"] if found)
    print(f"\nThe slowest: {slowest:.0f} ms, {'within' if slowest < LIMIT else 'beyond'} the limit of {LIMIT:.0f} ms.")


@contextmanager
def opened(playwright: Playwright, package: Path, width: int, tree: Path = ROOT) -> Iterator[Page]:
    """All explorers of a working tree with the code of `package`, in a window `width` pixels wide."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(package), str(port)], cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)},
        start_new_session=True,
    )  # fmt: skip
    try:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = browser.new_page(viewport={"width": width, "height": 1000})
        _open(page, f"http://127.0.0.1:{port}")
        yield page
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def measure(page: Page, name: str, moves: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each move, with the long work of this explorer stopped and running (empty if it has none)."""
    page.get_by_role("tab", name=name, exact=True).click()
    explorer = page.locator(".nndl-explorer:visible")
    explorer.locator("svg").first.wait_for(timeout=60_000)
    stop = explorer.get_by_role("button", name="Stop")
    if stop.count() == 0:
        return _moves(explorer, moves), []
    explorer.page.wait_for_timeout(500)
    quiet = _moves(explorer, moves, again=False)
    running = _moves(explorer, moves, again=True)
    _rest(explorer)  # what is measured next has the processor to itself
    return quiet, running


def playing(page: Page, name: str, seconds: float = 5.0) -> float | None:
    """Pictures a second at 15 steps a second; None for an explorer that does not play."""
    page.get_by_role("tab", name=name, exact=True).click()
    explorer = page.locator(".nndl-explorer:visible")
    explorer.locator("svg").first.wait_for(timeout=60_000)
    play = explorer.get_by_role("button", name="Play", exact=True)
    if play.count() == 0:
        return None
    _rest(explorer)
    explorer.locator(".widget-dropdown:has-text('15 a second') select").select_option("15 a second")
    explorer.get_by_role("button", name="To the start").click()
    page.wait_for_timeout(1000)
    play.click()
    rate: float = explorer.evaluate(FRAMES, 1000 * seconds)
    return rate


def _moves(explorer: Locator, moves: int, again: bool = False) -> list[float]:
    """Key presses to and fro on the first slider; `again`: with the long work begun anew, should it have ended."""
    handle, times = explorer.get_by_role("slider").first, list[float]()
    for move in range(moves):
        if again and not _works(explorer):
            explorer.get_by_role("button", name="Run again").click()
            explorer.page.wait_for_timeout(1500)
        if not again:
            _rest(explorer)
        times.append(handle.evaluate(MOVE, "ArrowLeft" if move % 2 else "ArrowRight"))
        time.sleep(0.1)
    return times


def _rest(explorer: Locator) -> None:
    """Stop the long work, if it goes on; it may end by itself at that moment."""
    if _works(explorer):
        explorer.get_by_role("button", name="Stop").dispatch_event("click")
        explorer.get_by_text(re.compile("^(stopped|done|ended)$")).wait_for()


def _works(explorer: Locator) -> bool:
    stop = explorer.get_by_role("button", name="Stop")
    return stop.count() > 0 and stop.is_enabled()


def _open(page: Page, url: str) -> None:
    """Wait for the server, at most a minute."""
    for _ in range(120):
        try:
            page.goto(url)
            break
        except Exception:  # it does not listen yet
            time.sleep(0.5)
    page.get_by_role("tab", name="Start").wait_for(timeout=60_000)


def _cell(times: list[Any]) -> str:
    return f"{np.median(times):.0f} / {np.percentile(times, 95):.0f}" if times else "–"


if __name__ == "__main__":
    main()
