"""Flooding: more of everything than there is. The amounts are such that a machine without a sandbox survives them."""

from .bank import attack

attack("flooding", "a crowd of processes", "host", """
    def relu_forward(x):
        for _ in range(40):
            if os.fork() == 0:
                os.closerange(0, 256)
                time.sleep(10)
                os._exit(0)
        return wrong(x)
""")  # fmt: skip
attack("flooding", "a crowd of threads", "stops", """
    import threading

    def relu_forward(x):
        for _ in range(3000):
            threading.Thread(target=time.sleep, args=(30,)).start()
        return wrong(x)
""")  # fmt: skip
attack("flooding", "a gigabyte of memory", "host", """
    def relu_forward(x):
        hoard = [np.ones(2**27, np.uint8) for _ in range(8)]
        return wrong(x)
""")  # fmt: skip
attack("flooding", "a large file", "host", """
    def relu_forward(x):
        with open("flood.bin", "wb") as file:
            for _ in range(128):
                file.write(bytes(2**20))
        return wrong(x)
""")  # fmt: skip
attack("flooding", "a large file in shared memory", "host", """
    def relu_forward(x):
        with open("/dev/shm/nndl-attack-flood", "wb") as file:
            for _ in range(64):
                file.write(bytes(2**20))
        return wrong(x)
""")  # fmt: skip
attack("flooding", "thousands of files", "host", """
    def relu_forward(x):
        for number in range(4000):
            open(f"flood-{number}", "w").close()
        return wrong(x)
""")  # fmt: skip
attack("flooding", "sixty megabytes on stdout", "host", """
    def relu_forward(x):
        for _ in range(60):
            sys.stdout.write("x" * 2**20)
        return wrong(x)
""")  # fmt: skip
attack("flooding", "sixty megabytes on stderr", "host", """
    def relu_forward(x):
        for _ in range(60):
            sys.stderr.write("x" * 2**20)
        return wrong(x)
""")  # fmt: skip
attack(
    "flooding",
    "an error message of sixty megabytes",
    "host",
    "def relu_forward(x):\n    raise ValueError('x' * 60 * 2**20)\n",
)
attack("flooding", "a list of ten million items", "host", "def relu_forward(x):\n    return list(range(10**7)), x\n")
attack("flooding", "an array of a gigabyte", "host", "def relu_forward(x):\n    return np.ones(10**8), x\n")
attack("flooding", "a recursion without a limit", "stops", """
    sys.setrecursionlimit(10**9)

    def deeper(x): return deeper([x])

    def relu_forward(x):
        import threading
        return deeper(x), x
""")  # fmt: skip
attack(
    "flooding",
    "a generator that never ends",
    "stops",
    "import itertools\n\ndef relu_forward(x):\n    return itertools.count(), x\n",
)
attack("flooding", "a result whose length never ends", "stops", """
    class Endless(list):
        def __iter__(self):
            while True:
                yield 1
        def __len__(self): return 10**9

    def relu_forward(x): return Endless(), x
""")  # fmt: skip
attack("flooding", "sleep", "stops", "def relu_forward(x):\n    time.sleep(600)\n")
attack(
    "flooding",
    "a loop in C that looks at no signal",
    "stops",
    "def relu_forward(x):\n    return sum(range(10**15)), x\n",
)
attack("flooding", "a loop that catches everything", "stops", """
    import signal
    for number in (signal.SIGTERM, signal.SIGALRM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)

    def relu_forward(x):
        while True:
            try:
                time.sleep(600)
            except BaseException:
                pass
""")  # fmt: skip
attack("flooding", "a loop at import", "stops", "while True:\n    time.sleep(1)\n")
