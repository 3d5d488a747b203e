"""Explain a convolution in PyTorch that is given images smaller than its filters, because nothing was padded."""

from __future__ import annotations

import ast
import re

from .expressions import parsed_statement
from .site import Site

SIDES = 2  # of an image
STRIDE = 3  # the place of the stride among the arguments of a convolution, counted from 0


def _too_small(site: Site, match: re.Match[str]) -> str:
    """Say which padding keeps the size of the images, for each filter that the line and those before it use."""
    given, kernel = (f"{match[k]} x {match[k + 1]}" for k in (1, 3))
    said = (
        f"The images have {given} entries there, padding included, and the filters {kernel}. A convolution makes "
        "images smaller unless they are padded enough"
    )
    keeps = [f"padding={side // 2} for `{name}`, {side} x {side}" for name, side in _filters(site).items()]
    if not keeps or fourth_argument(site):
        return f"{said}. {fourth_argument(site)}".strip()
    return f"{said}; where they should keep their size, it should be {' and '.join(keeps)}."


def fourth_argument(site: Site) -> str:
    """Ask whether a padding is meant where a convolution has a number as its fourth argument, which is the stride.

    Parameters
    ----------
    site : Site

    Returns
    -------
    str
        A sentence; ``""`` where no convolution here, or on the lines that set what this one uses, has one.
    """
    lines = [(site.crash.line, site.crash.source), *filter(None, map(site.origin, site.origins))]
    for number, line in sorted(lines):
        for node in ast.walk(parsed_statement(line) or ast.Pass()):
            if not isinstance(node, ast.Call) or not STRIDE < len(node.args) <= STRIDE + 2:
                continue
            given, called = ast.unparse(node.args[STRIDE]), ast.unparse(node.func)
            named = any(one.arg == "padding" for one in node.keywords)
            if re.search(r"\b[Cc]onv2d$", called) and not named and given != "1" and "stride" not in given:
                said = f"On line {number}, `{given}` is the fourth argument of `{called}`, which is the stride"
                if len(node.args) > STRIDE + 1:  # the padding is given, too
                    return f"{said}: larger than 1, it makes the images smaller."
                return f"{said}; if a padding is meant, it should be given by name, `padding={given}`."
    return ""


def _other_channels(site: Site, match: re.Match[str]) -> str:
    """Say which filters do not go with the channels of what they are given."""
    filters, images, wanted, channels = (match[k] for k in (1, 2, 3, 4))
    said = f"Filters of shape ({filters}) take images with {wanted} channels, but are given ({images}), with {channels}"
    for node in site.find(ast.Call):
        if ast.unparse(node.func).endswith("conv2d") and len(node.args) > 1:
            given, name = ast.unparse(node.args[0]), ast.unparse(node.args[1])
            fitting = [one for one, shape in site.known.items() if len(shape) == 2 * SIDES and shape[1] == int(wanted)]
            fitting = [one for one in fitting if one != name and site.shape(ast.Name(one)) != site.shape(node.args[1])]
            offer = f": was `{fitting[0]}` meant in place of `{given}`?" if len(fitting) == 1 else "."
            return (
                f"The filters `{name}`, {filters}, take images with {wanted} channels; `{given}` has {channels}{offer}"
            )
    return f"{said}: each convolution should take as many channels as the layer before it gives."


def _filters(site: Site) -> dict[str, int]:
    """Collect the square filters with odd sides that convolutions use here and on the lines that set what they use."""
    lines = [site.crash.source, *(one.partition(": ")[2].partition(" ")[2] for one in site.crash.origins)]
    found: dict[str, int] = {}
    for line in reversed(lines):
        for node in ast.walk(parsed_statement(line) or ast.Pass()):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("conv2d") and len(node.args) > 1:
                name = ast.unparse(node.args[1])
                shape = site.known.get(name, ())
                if len(shape) == 2 * SIDES and shape[-1] == shape[-2] and shape[-1] % 2:
                    found[name] = shape[-1]
    return found


EXPLANATIONS = (
    (
        r"RuntimeError: Calculated padded input size per channel: \((\d+) x (\d+)\)\. Kernel size: \((\d+) x (\d+)\)",
        _too_small,
    ),
    (
        r"RuntimeError: Given .*weight of size \[([\d, ]+)\], expected input\[([\d, ]+)\] to have (\d+) .* (\d+)",
        _other_channels,
    ),
)
