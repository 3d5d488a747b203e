"""Lying: what comes back is not what it says."""

from .bank import attack

FRAMES = r"""
    def frames():
        import struct
        body = b"\x93\x01\xc3\xc0"
        for fd in range(1, 32):
            for data in (b"SCORE 1\n", struct.pack("<II", len(body), 0) + body, b"\xff" * 64):
                try:
                    os.write(fd, data)
                except OSError:
                    pass
"""

attack("lying", "forged frames on every descriptor", "points", FRAMES + """
    def relu_forward(x):
        frames()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        return wrong(x)
""")  # fmt: skip
attack("lying", "frames after the end", "points", FRAMES + """
    import threading

    def late():
        time.sleep(0.4)
        frames()
        os._exit(0)

    def relu_forward(x):
        threading.Thread(target=late, daemon=False).start()
        return wrong(x)
""")  # fmt: skip
attack("lying", "a frame that drips byte by byte", "stops", """
    def relu_forward(x):
        while True:
            for fd in range(3, 32):
                try:
                    os.write(fd, b"\\x00")
                except OSError:
                    pass
            time.sleep(0.5)
""")  # fmt: skip
attack(
    "lying", "not a number is never greater", "points", "def relu_forward(x):\n    return np.full_like(x, np.nan), x\n"
)
attack(
    "lying",
    "infinity divided by infinity",
    "points",
    "def relu_forward(x):\n    return np.full_like(x, np.inf) * 0, x\n",
)
attack("lying", "not a number as a score", "points", notebook=lambda nb: [
    cell.update(source="float('nan')") or cell["metadata"]["nbgrader"].update(locked=False)
    for cell in nb["cells"] if cell["cell_type"] == "code"] and None)  # fmt: skip
attack("lying", "an infinite score", "points", notebook=lambda nb: [
    cell.update(source="float('inf')") or cell["metadata"]["nbgrader"].update(locked=False)
    for cell in nb["cells"] if cell["cell_type"] == "code"] and None)  # fmt: skip
attack("lying", "strides that lead far outside", "stops", """
    def relu_forward(x):
        one = np.zeros(1)
        return np.lib.stride_tricks.as_strided(one, shape=x.shape, strides=(2**40,) * x.ndim), x
""")  # fmt: skip
attack("lying", "an object that turns into what is expected", "points", """
    class Turns:
        def __array__(self, *args, **kwargs):
            frame = sys._getframe()
            while frame is not None:
                if isinstance(frame.f_globals.get("expected"), np.ndarray):
                    return frame.f_globals["expected"]
                frame = frame.f_back
            return np.zeros(3)

    def relu_forward(x): return Turns(), x
""")  # fmt: skip
attack("lying", "the input is changed so that the answer changes", "points", """
    def relu_forward(x):
        x[...] = 0
        return np.zeros_like(x), x
""")  # fmt: skip
attack(
    "lying",
    "an empty array agrees with everything",
    "points",
    "def relu_forward(x):\n    return np.zeros((0,) + x.shape), x\n",
)
attack("lying", "a type that says it is an array", "stops", """
    class Liar:
        __class__ = np.ndarray
        shape, dtype, ndim, size = (-1, -5), np.dtype(float), 2, -5
        def __getattr__(self, name): os._exit(3)
        def __array__(self, *a, **k): os._exit(3)
        def __rsub__(self, other): os._exit(3)

    def relu_forward(x): return Liar(), x
""")  # fmt: skip
