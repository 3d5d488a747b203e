"""How long it takes from a slider's key to the new picture on the screen, in a headless Chromium.

    python -m benchmarks.explorer_latency                  all explorers, with the reference's code
    python -m benchmarks.explorer_latency --moves 20       a quicker look

Every explorer is measured twice: with its long work stopped, and while that runs beside it. The limit is 250 ms, for 95
of 100 moves.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, sync_playwright
from rich.console import Console
from rich.progress import track

from utils.explorers.app import EXPLORERS, serve

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


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorer_latency", description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=60, help="of each explorer's slider (default: 60)")
    parser.add_argument("--package", type=Path, default=ROOT / "solutions" / "nndl", help="whose code to run")
    asked = parser.parse_args()
    with opened(asked.package, width=1280) as page:
        rows = [
            measure(page, name, asked.moves) for name in track(EXPLORERS, "explorers", console=Console(stderr=True))
        ]
        frames = {name: playing(page, name) for name in EXPLORERS}
    print("| ms, median / 95 of 100 | work stopped | work running |\n|---|---|---|")
    for name, times in zip(EXPLORERS, rows, strict=True):
        print(f"| {name} | {' | '.join(_cell(found) for found in times)} |")
    for name, rate in frames.items():
        if rate is not None:
            print(f"\n{name} plays {rate:.0f} pictures a second.")
    slowest = max(float(np.percentile(found, 95)) for times in rows for found in times if found)
    print(f"\nThe slowest: {slowest:.0f} ms, {'within' if slowest < LIMIT else 'beyond'} the limit of {LIMIT:.0f} ms.")


@contextmanager
def opened(package: Path, width: int) -> Iterator[Page]:
    """All explorers with the code of `package`, in a window `width` pixels wide."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = serve(package, port, browser=False, dark=False)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
            page = browser.new_page(viewport={"width": width, "height": 1000})
            _open(page, f"http://127.0.0.1:{port}")
            yield page
    finally:
        server.terminate()
        server.wait()


def measure(page: Page, name: str, moves: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each move, with the long work of this explorer stopped and running (empty if it has none)."""
    page.get_by_role("tab", name=name, exact=True).click()
    explorer = page.locator(".nndl-explorer:visible")
    explorer.locator("svg").first.wait_for(timeout=60_000)
    stop = explorer.get_by_role("button", name="Stop")
    if stop.count() == 0:
        return _moves(explorer, moves), []
    stop.click()
    explorer.get_by_text("stopped", exact=True).wait_for()
    quiet = _moves(explorer, moves, again=False)
    return quiet, _moves(explorer, moves, again=True)


def playing(page: Page, name: str, seconds: float = 5.0) -> float | None:
    """Pictures a second at 15 steps a second; None for an explorer that does not play."""
    page.get_by_role("tab", name=name, exact=True).click()
    explorer = page.locator(".nndl-explorer:visible")
    explorer.locator("svg").first.wait_for(timeout=60_000)
    play = explorer.get_by_role("button", name="Play", exact=True)
    if play.count() == 0:
        return None
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
        if not again and _works(explorer):
            explorer.get_by_role("button", name="Stop").click()
            explorer.get_by_text("stopped", exact=True).wait_for()
        times.append(handle.evaluate(MOVE, "ArrowLeft" if move % 2 else "ArrowRight"))
        time.sleep(0.1)
    return times


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
