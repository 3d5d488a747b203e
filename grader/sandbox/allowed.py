"""The packages that submitted code may import besides the standard library: the one list of them.

Everything else that is installed where one grades (SciPy, another deep-learning library) could answer for the student,
so the sandbox has no way to read it.
"""

ALWAYS = ("numpy", "tqdm")
"""Readable for every submission. tqdm computes nothing, and students wrap it around the loop of a training."""

IF_IMPORTED = ("matplotlib",)
"""Readable where the submitted text names it: nobody else should wait for its dozen packages to be made readable."""

WORKER = ("msgspec",)
"""What the worker itself stands on."""

STAND_INS = (
    "cython",
    "Cython",
    "ipywidgets",
    "IPython",
    "jupyterlab",
    "notebook",
    "pooch",
    "rich",
    "safetensors",
    "threadpoolctl",
    "torch",
    "torchvision",
    "typer",
    "voila",
)
"""What the student edition installs beyond that, by the name it is imported by.

A student's file may import these for an experiment that is no part of an exercise, which must not cost a right answer.
So the import succeeds, and only a call fails. All other packages fail at their import, because ``try: import cupy``
with an ``except ImportError`` is an honest way to ask what there is.
"""
