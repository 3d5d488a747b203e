"""The explorers' pictures in ``docs/images/explorers``, taken anew in a headless Chromium.

    python -m benchmarks.explorer_pictures                       all of them, with the reference's code
    python -m benchmarks.explorer_pictures --only "Batch norm"

Each explorer is shown as it opens, when its long work is done: a few minutes for all on two free cores.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright
from rich.console import Console
from rich.progress import track

from benchmarks.explorer_latency import ROOT, opened
from utils.explorers.app import EXPLORERS

PATIENCE = 900_000  # milliseconds; the long work is minutes on a busy machine
HEIGHT = 1500  # pixels of the window: the whole of an explorer is in sight
WIDTH = 826  # pixels of the window: the controls stand in two columns, and the text can be read in the documentation


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explorer_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=EXPLORERS, nargs="*", default=list(EXPLORERS), help="these explorers")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "explorers", help="folder to write to")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, opened(playwright, ROOT / "solutions" / "nndl", WIDTH) as page:
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        for name in track(asked.only, "explorers", console=Console(stderr=True)):
            _keep(_finished(page, name), asked.out / f"{name.lower().replace(' ', '-')}.png")


def _finished(page: Page, name: str) -> Locator:
    """An explorer once its picture is there and its long work is done."""
    page.get_by_role("tab", name=name, exact=True).click(timeout=PATIENCE)
    explorer = page.locator(".nndl-explorer:visible")
    explorer.locator("svg").first.wait_for(timeout=PATIENCE)
    if explorer.get_by_role("button", name="Stop").count():
        explorer.get_by_text("done", exact=True).wait_for(timeout=PATIENCE)
    page.mouse.move(0, 0)  # no control is lit up
    page.wait_for_timeout(1000)  # the last picture is being drawn
    return explorer


def _keep(explorer: Locator, path: Path) -> None:
    """Write what is seen as a PNG of 256 colours, which is a third of the size and looks the same."""
    shot = Image.open(io.BytesIO(explorer.screenshot(timeout=PATIENCE))).convert("RGB")
    shot.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
