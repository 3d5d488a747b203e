"""List the packages that submitted code may import besides the standard library.

Any other package that is installed on the grading machine (SciPy, another deep-learning library) could compute the
answer in the student's place, so no worker can read its files.
"""

ALWAYS = ("numpy", "tqdm")
"""Readable for every submission. Students wrap tqdm around their training loops; it computes nothing itself."""

IF_IMPORTED = {"matplotlib": ("matplotlib.figure", "matplotlib.projections", "matplotlib.style", "matplotlib.widgets")}
"""Readable only where the submitted text mentions the name: package → modules that the worker imports as it starts.

matplotlib depends on a dozen packages, and making them readable takes time that other submissions should not wait for.
Its import takes half a second of processor time, and a multiple of that on a busy machine. So the worker imports what
``matplotlib.pyplot`` is made of before it counts any time. ``pyplot`` itself is left to the submission, because
``matplotlib.use`` in front of its import names a backend without loading it.
"""

IMPORTED_LATER = {"torch": ("torch._dynamo",)}
"""What a package imports at the first call of some of its functions: package → modules that are imported in advance.

PyTorch imports eight hundred modules when it first computes on the device ``meta``, which takes 0.7 seconds of the
processor. They are imported once, before workers are forked, and not in the worker of each submission.
"""

WORKER = ("msgspec",)
"""The packages that the worker's own code imports."""

STAND_INS = (
    "cython",
    "Cython",
    "anywidget",
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
    # Of other courses, of older ones, and of tutorials.
    "PIL",
    "cv2",
    "future",
    "h5py",
    "imageio",
    "jax",
    "numba",
    "pandas",
    "past",
    "plotly",
    "scipy",
    "seaborn",
    "six",
    "skimage",
    "sklearn",
    "sympy",
    "tensorflow",
)
"""Import names of the other packages that the student edition installs, and of others that are widespread.

A student's file may import one of these for an experiment that belongs to no exercise, or for nothing at all, and that
import must not make the rest of the file fail. So importing them succeeds in a worker, and only calling one of their
functions fails. In a ``try`` with ``except ImportError`` it fails, too, because that is an honest way to find out what
is installed. Every other package fails when it is imported; its name may be misspelt.
"""
