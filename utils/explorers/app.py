"""All explorers on one page: ``nndl explore`` serves it with Voila, and a notebook can show it as well."""

from __future__ import annotations

import gc
import html
import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import ipywidgets as widgets
import traitlets

from utils import explorers

from . import (
    BatchNormExplorer,
    BoundaryExplorer,
    ConvolutionExplorer,
    DropoutExplorer,
    GradientExplorer,
    GradientFlowExplorer,
    OptimiserExplorer,
    WeightScaleExplorer,
)
from .explorer import Explorer
from .main_thread import in_main_thread
from .page import Address
from .slides import parse
from .state import State
from .student import explain, running

PACKAGE = "NNDL_EXPLORE"  # the environment variable that names the folder of the package to run
NOTEBOOK = Path(__file__).with_name("app.ipynb")
REFERENCE = "NNDL_EXPLORE_REFERENCE"  # that of the folder of the reference, where it is there
SLIDES = "NNDL_EXPLORE_SLIDES"  # that of the file of a lecture
STATE = "NNDL_EXPLORE_STATE"  # that of the state to begin with
SITE = Path(__file__).with_name("site")  # in which Voila finds the template
TEMPLATE = "explorers"
EXTENSIONS = (  # of JupyterLab, those that the page needs
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
)

Modules = Callable[[str], ModuleType]
EXPLORERS: dict[str, tuple[str, Callable[[Modules], Any]]] = {
    "Decision boundary": (
        "a small net learns to tell points apart: every unit's half-plane, one minibatch at a time",
        lambda module: BoundaryExplorer(module("fc_net").FullyConnectedNet),
    ),
    "Gradient flow": (
        "a minibatch goes through a net array by array, and its gradient comes back: shapes and sizes",
        lambda module: GradientFlowExplorer(module("fc_net").FullyConnectedNet, module("layers")),
    ),
    "Weight scale": (
        "which initial weights vanish, explode, train",
        lambda module: WeightScaleExplorer(module("fc_net").FullyConnectedNet),
    ),
    "Batch norm": (
        "running and batch statistics, training and test mode, small batches",
        lambda module: BatchNormExplorer(module("fc_net").FullyConnectedNet),
    ),
    "Dropout": (
        "masks, expectations, and how far two accuracies drift apart",
        lambda module: DropoutExplorer(module("fc_net").FullyConnectedNet),
    ),
    "Optimisers": (
        "five update rules in a ravine, on a saddle, on a plateau, and in a net of six layers",
        lambda module: OptimiserExplorer(module("optim"), module("fc_net").FullyConnectedNet),
    ),
    "Convolution": (
        "a kernel, stride and padding on a photograph, and who wins in max pooling",
        lambda module: ConvolutionExplorer(module("conv_layers")),
    ),
    "Gradient check": (
        "why numeric derivatives take a step of 1e-5, and what a kink does to them",
        lambda module: GradientExplorer(module("layers")),
    ),
}


def package_modules(folder: Path) -> Modules:
    """A function that imports a module of the package in `folder` by its short name.

    Parameters
    ----------
    folder : Path
        The package itself: ``nndl``, or ``solutions/nndl``.
    """
    folder = folder.resolve()
    parts, root = [folder.name], folder.parent
    while (root / "__init__.py").exists():
        parts.insert(0, root.name)
        root = root.parent
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))

    def module(name: str) -> ModuleType:
        with running(0):
            return importlib.import_module(f"{'.'.join(parts)}.{name}")

    return module


def serve(
    package: Path,
    port: int,
    *,
    browser: bool,
    dark: bool,
    state: str = "",
    reference: Path | None = None,
    slides: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server of the page on this machine alone; whoever starts it ends it.

    Parameters
    ----------
    package : Path
        Whose code the explorers run.
    port : int
    browser : bool
        Whether to open the page in a browser.
    dark : bool
    state : str, optional
        What to show first; the page with all explorers by default.
    reference : Path, optional
        Another package, to switch to.
    slides : Path, optional
        The file of a lecture, to begin with; see `slides`.
    """
    options = [
        f"--port={port}",
        "--Voila.ip=127.0.0.1",
        f"--theme={'dark' if dark else 'light'}",
        "--show_tracebacks=True",
        # Each page has a process; that of a page which was closed ends after a minute.
        "--MappingKernelManager.cull_idle_timeout=60",
        "--MappingKernelManager.cull_interval=20",
    ]
    options += [f"--template={TEMPLATE}"]
    options += [f"--VoilaConfiguration.extension_allowlist={name}" for name in EXTENSIONS]
    options += [] if browser else ["--no-browser"]
    places = [str(SITE), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    environment = {
        **os.environ,
        PACKAGE: str(package.resolve()),
        STATE: state,
        REFERENCE: str(reference or ""),
        SLIDES: str(slides.resolve()) if slides else "",
        "JUPYTER_PATH": os.pathsep.join(places),
    }
    return subprocess.Popen([sys.executable, "-m", "voila", str(NOTEBOOK), *options], env=environment)


def app(modules: Modules | None = None) -> Any:
    """The page: a tab for each explorer, which is made when it is first looked at.

    Parameters
    ----------
    modules : callable, optional
        As of `package_modules`; the package that the environment variable names by default.
    """
    folder = Path(os.environ.get(PACKAGE, "nndl"))
    modules = modules or package_modules(folder)
    pages = [widgets.VBox([]) for _ in EXPLORERS]
    tabs = widgets.Tab([widgets.VBox([]), *pages], titles=["Start", *EXPLORERS])
    address, caption = Address(), widgets.HTML()
    letter_key = widgets.Checkbox(
        True, description="the key L begins and ends a lecture", indent=False, layout={"width": "auto"}
    )
    traitlets.link((address, "letter_key"), (letter_key, "value"))
    begin = widgets.Button(
        description="Begin a lecture", tooltip="Large type, nothing but sliders and pictures; Esc ends it"
    )
    begin.on_click(lambda _: setattr(address, "lecture", True))
    cards = []
    for number, (name, (about, _)) in enumerate(EXPLORERS.items(), 1):
        button = widgets.Button(description=name, layout={"width": "100%", "height": "2.6em"})
        button.on_click(lambda _, number=number: setattr(tabs, "selected_index", number))
        cards.append(widgets.VBox([button, widgets.HTML(f"<p style='margin:0 .3em;line-height:1.4'>{about}</p>")]))
    tabs.children[0].children = (
        widgets.HTML(
            f"<h2>Explorers</h2><p>They run the code in <code>{html.escape(str(folder))}</code>: save a file there, "
            "press <i>Run again</i>, and see what has changed.</p>"
        ),
        widgets.GridBox(cards, layout={"grid_template_columns": _CARDS, "grid_gap": "18px", "max_width": "1000px"}),
        widgets.HTML(
            "<p>Sliders move with the arrow keys. <i>State</i> is a short text that brings back what you see: keep it, "
            "send it, paste one. A lecture has large type, and nothing but sliders and pictures; Esc ends it.</p>"
        ),
        widgets.HBox([letter_key, begin], layout={"flex_flow": "row wrap", "align_items": "center"}),
    )
    caption.add_class("nndl-slide")

    def opened(index: int) -> None:
        if index and not pages[index - 1].children:
            pages[index - 1].children = (_page(list(EXPLORERS.values())[index - 1][1], modules, pages[index - 1]),)
            for explorer in _explorers(pages[index - 1]):
                explorer.observe(lambda _: said(), "code")
                if os.environ.get(REFERENCE):
                    explorer.offer_reference(package_modules(Path(os.environ[REFERENCE])))
        for number, page in enumerate(pages, 1):
            for explorer in _explorers(page):
                explorer.look(number == index)
        said()

    def said() -> None:
        """Put the state of the explorer in sight into the address."""
        index = tabs.selected_index or 0
        address.code = next((explorer.code for explorer in _explorers(tabs.children[index])), "")

    def asked(code: str) -> None:
        """Show what the address asks for."""
        if not code:
            return
        code = code if "?" in code else unquote(code)  # some programs escape a link once more
        labels = [label.lower().replace(" ", "-") for label in EXPLORERS]
        name = code.partition("?")[0]
        if name in labels:
            tabs.selected_index = labels.index(name) + 1
            for explorer in _explorers(pages[labels.index(name)]):
                explorer.ask(code)

    tabs.observe(lambda change: in_main_thread(lambda: opened(change["new"])), "selected_index")
    address.observe(lambda change: in_main_thread(lambda: asked(change["new"])), "asked")
    asked(os.environ.get(STATE, ""))
    if os.environ.get(SLIDES):
        lecture = parse(Path(os.environ[SLIDES]).read_text("utf-8"), state_kinds())
        at = [0]

        def turn(by: int) -> None:
            """Show another slide; the first and the last one stay."""
            at[0] = min(max(at[0] + by, 0), len(lecture) - 1)
            slide = lecture[at[0]]
            caption.value = f"<p>{at[0] + 1}/{len(lecture)} {html.escape(slide.text)}</p>"
            asked(slide.code)

        address.on_msg(lambda _, message, buffers: in_main_thread(lambda: turn(message["slide"])))
        address.lecture = True
        turn(0)
    page = widgets.VBox([caption, tabs, address])
    page.add_class("nndl-explorers")
    gc.collect()
    gc.freeze()  # what was imported stays as long as this process: it need not be looked through again
    return page


def state_kinds() -> dict[str, type[State]]:
    """The states of all explorers, by name."""
    kinds: list[type[Explorer[Any]]] = [getattr(explorers, name) for name in explorers.__all__]
    return {kind.first.name: type(kind.first) for kind in kinds}


def _explorers(page: Any) -> list[Explorer[Any]]:
    """The explorer of a tab, once it is there."""
    return [child for child in page.children if isinstance(child, Explorer)]


_CARDS = "repeat(auto-fill, minmax(260px, 1fr))"


def _page(make: Callable[[Modules], Any], modules: Modules, page: Any) -> Any:
    """An explorer; or what stands in the way of its module, and a button to try once more."""
    try:
        return make(modules)
    except Exception as error:  # anything can happen while a student's file is imported
        again = widgets.Button(description="Try again")
        again.on_click(lambda _: in_main_thread(lambda: setattr(page, "children", (_page(make, modules, page),))))
        return widgets.VBox([widgets.HTML(f'<div role="alert">{explain(error)}</div>'), again])
