"""All explorers on one page: ``nndl explore`` serves it with Voila, and a notebook can show it as well."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import ipywidgets as widgets

from . import (
    BatchNormExplorer,
    ConvolutionExplorer,
    DropoutExplorer,
    GradientExplorer,
    OptimiserExplorer,
    WeightScaleExplorer,
)
from .student import explain

PACKAGE = "NNDL_EXPLORE"  # the environment variable that names the folder of the package to run
NOTEBOOK = Path(__file__).with_name("app.ipynb")

Modules = Callable[[str], ModuleType]
EXPLORERS: dict[str, tuple[str, Callable[[Modules], Any]]] = {
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
    return lambda name: importlib.import_module(f"{'.'.join(parts)}.{name}")


def app(modules: Modules | None = None) -> Any:
    """The page: a tab for each explorer, which is made when it is first looked at.

    Parameters
    ----------
    modules : callable, optional
        As of `package_modules`; the package that the environment variable names by default.
    """
    modules = modules or package_modules(Path(os.environ.get(PACKAGE, "nndl")))
    welcome = "".join(f"<li><b>{name}</b>: {about}</li>" for name, (about, _) in EXPLORERS.items())
    start = widgets.HTML(
        f"<h2>Explorers</h2><p>They run your own code. Choose one above.</p><ul>{welcome}</ul>"
        "<p>Every slider has an arrow-key step; <i>State</i> is a text that brings back what you see.</p>"
    )
    pages = [widgets.VBox([]) for _ in EXPLORERS]
    tabs = widgets.Tab([start, *pages], titles=["Start", *EXPLORERS])

    def opened(change: Any) -> None:
        index = change["new"]
        if index and not pages[index - 1].children:
            pages[index - 1].children = (_page(list(EXPLORERS.values())[index - 1][1], modules, pages[index - 1]),)

    tabs.observe(opened, "selected_index")
    return tabs


def _page(make: Callable[[Modules], Any], modules: Modules, page: Any) -> Any:
    """An explorer; or what stands in the way of its module, and a button to try once more."""
    try:
        return make(modules)
    except Exception as error:  # anything can happen while a student's file is imported
        again = widgets.Button(description="Try again", icon="refresh")
        again.on_click(lambda _: setattr(page, "children", (_page(make, modules, page),)))
        return widgets.VBox([widgets.HTML(f'<div role="alert">{explain(error)}</div>'), again])
