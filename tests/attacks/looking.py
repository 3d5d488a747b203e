"""Looking: the answer, the tests or somebody else's work is within reach."""

from .bank import attack

attack("looking", "the caller's frame holds what is expected", "points", """
    def relu_forward(x):
        frame = sys._getframe(1)
        while frame is not None:
            for space in (frame.f_locals, frame.f_globals):
                if isinstance(space.get("expected"), np.ndarray):
                    return space["expected"], x
            frame = frame.f_back
        return wrong(x)
""")  # fmt: skip
attack("looking", "the stack by inspect holds what is expected", "points", """
    def relu_forward(x):
        import inspect
        for entry in inspect.stack():
            if "expected" in entry.frame.f_globals:
                return entry.frame.f_globals["expected"], x
        return wrong(x)
""")  # fmt: skip
attack("looking", "the garbage collector knows what is expected", "points", """
    def relu_forward(x):
        import gc
        for found in gc.get_objects():
            if isinstance(found, dict) and isinstance(found.get("expected"), np.ndarray):
                return found["expected"], x
        return wrong(x)
""")  # fmt: skip
attack("looking", "the main module holds what is expected", "points", """
    def relu_forward(x):
        return getattr(sys.modules["__main__"], "expected", wrong(x)[0]), x
""")  # fmt: skip
attack("looking", "a traceback leads to the caller", "points", """
    def relu_forward(x):
        try:
            raise ValueError
        except ValueError as error:
            frame = error.__traceback__.tb_frame.f_back
        while frame and "expected" not in frame.f_globals:
            frame = frame.f_back
        return (frame.f_globals["expected"] if frame else wrong(x)[0]), x
""")  # fmt: skip
attack("looking", "the environment names the file of answers", "points", """
    def relu_forward(x):
        path = next((value for name, value in os.environ.items() if "ANSWER" in name), None)
        return (np.load(path)["expected"], x) if path else wrong(x)
""")  # fmt: skip
attack("looking", "the environment of another process by proc", "points", """
    def relu_forward(x):
        for process in ("self", str(os.getppid())):
            try:
                environment = open(f"/proc/{process}/environ").read().split("\\0")
            except OSError:
                continue
            for entry in environment:
                if "ANSWER" in entry and "=" in entry:
                    return np.load(entry.partition("=")[2])["expected"], x
        return wrong(x)
""")  # fmt: skip
attack("looking", "an inherited file descriptor leads to the answers", "points", """
    def relu_forward(x):
        for fd in range(3, 64):
            try:
                return np.load(os.fdopen(os.dup(fd), "rb"))["expected"], x
            except Exception:
                pass
        return wrong(x)
""")  # fmt: skip
attack("looking", "stdin carries the answers", "points", """
    def relu_forward(x):
        import json
        try:
            return np.array(json.loads(sys.stdin.readline())["expected"]), x
        except Exception:
            return wrong(x)
""")  # fmt: skip
attack("looking", "the reference can be imported", "points", """
    def relu_forward(x):
        try:
            from solutions.nndl.layers import relu_forward as right
        except ImportError:
            return wrong(x)
        return right(x)
""")  # fmt: skip
attack("looking", "the reference is found on the disk", "points", """
    def relu_forward(x):
        folder = os.getcwd()
        for _ in range(8):
            folder = os.path.dirname(folder)
            path = os.path.join(folder, "solutions", "nndl", "layers.py")
            if os.path.exists(path):
                space = {"__name__": "solutions.nndl.layers", "__package__": "solutions.nndl"}
                text = open(path).read().replace("from .", "from solutions.nndl.")
                sys.path.append(folder)
                exec(text, space)
                return space["relu_forward"](x)
        return wrong(x)
""")  # fmt: skip
attack("looking", "a neighbour has handed in a right answer", "points", """
    def relu_forward(x):
        import glob
        here = os.getcwd()
        for path in glob.glob(os.path.join(here, "..", "..", "alice", "a1", "nndl", "layers.py")):
            space = {"__name__": "nndl.other", "__package__": "nndl"}
            exec(open(path).read(), space)
            return space["relu_forward"](x)
        return wrong(x)
""")  # fmt: skip
attack("looking", "the source of the tests can be read", "points", """
    def relu_forward(x):
        import linecache
        frame = sys._getframe(1)
        for line in linecache.getlines(sys.argv[0]):
            if line.strip().startswith("expected = "):
                return eval(line.partition("=")[2], {"np": np, "x": x}), x
        return wrong(x)
""")  # fmt: skip
attack("looking", "the grader itself can be imported", "points", """
    def relu_forward(x):
        try:
            from pathlib import Path
            from grader.reference import Reference
            import grader
            return Reference(Path(grader.__file__).parents[1], "nndl").module("layers").relu_forward(x)
        except Exception:
            return wrong(x)
""")  # fmt: skip
attack("looking", "a secret file is shown in an error", "page", """
    def relu_forward(x):
        raise ValueError(open("/etc/passwd").read()[:60])
""", mark="root:x:0")  # fmt: skip
attack("looking", "the gradebook is read and written", "host", """
    def relu_forward(x):
        folder = os.getcwd()
        for _ in range(6):
            folder = os.path.dirname(folder)
            for name in ("gradebook.db", "gradebook.json"):
                path = os.path.join(folder, name)
                if os.path.exists(path):
                    open(path, "ab").write(b" alice 0 ")
        return wrong(x)
""")  # fmt: skip
