"""Time: an hour of the grader's, by sleeping and by computing, in every place where nobody may be looking."""

from .bank import attack

attack("time", "a sleep just below the limit in each call", "stops", """
    def relu_forward(x):
        time.sleep(0.9)
        return wrong(x)
""")  # fmt: skip
attack("time", "slow from the third call on", "stops", """
    calls = []

    def relu_forward(x):
        calls.append(1)
        if len(calls) > 2:
            time.sleep(600)
        return wrong(x)
""")  # fmt: skip
attack("time", "an exit after a while", "stops", """
    def relu_forward(x):
        time.sleep(0.6)
        os._exit(3)
""")  # fmt: skip
attack("time", "an import that computes", "stops", "sum(range(10**15))\n")
attack("time", "a result that is slow to go away", "stops", """
    class Slow(np.ndarray):
        def __del__(self):
            time.sleep(600)

    def relu_forward(x):
        return np.full_like(x, 7.0).view(Slow), x
""")  # fmt: skip
attack("time", "threads that compute while it waits for them", "stops", """
    import threading

    def burn():
        while True:
            np.ones((300, 300)) @ np.ones((300, 300))

    def relu_forward(x):
        threads = [threading.Thread(target=burn) for _ in range(8)]
        for thread in threads:
            thread.start()
        threads[0].join()
""")  # fmt: skip
attack("time", "work and sleep by turns", "stops", """
    def relu_forward(x):
        while True:
            sum(range(10**5))
            time.sleep(0.05)
""")  # fmt: skip
attack("time", "waiting for a pipe that nobody writes to", "stops", """
    def relu_forward(x):
        return os.read(os.pipe()[0], 1), x
""")  # fmt: skip
attack("time", "waiting for a lock that it holds itself", "stops", """
    import threading

    def relu_forward(x):
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
""")  # fmt: skip
