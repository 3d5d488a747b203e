"""Leaving: the process ends early, becomes another one, or leaves something behind."""

from .bank import attack

SHOUT = "os.write(1, b'SCORE 1\\n')"

attack("leaving", "exit at once, with a score printed before", "points", f"""
    def relu_forward(x):
        {SHOUT}
        os._exit(0)
""")  # fmt: skip
attack("leaving", "a polite exit before any check", "points", "sys.exit(0)")
attack("leaving", "another program takes the process over", "points", """
    def relu_forward(x):
        os.execv("/bin/sh", ["sh", "-c", "echo SCORE 1"])
""")  # fmt: skip
attack("leaving", "an exit status of zero means passed", "points", "def relu_forward(x):\n    os._exit(0)\n")
attack("leaving", "an interrupt is no Exception", "stops", "def relu_forward(x):\n    raise KeyboardInterrupt\n")
attack("leaving", "a segmentation fault", "stops", "def relu_forward(x):\n    import ctypes; ctypes.string_at(0)\n")
attack("leaving", "an abort with a core dump", "stops", """
    def relu_forward(x):
        import resource
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
        except Exception:
            pass
        os.abort()
""")  # fmt: skip
attack("leaving", "the parent is killed", "stops", """
    def relu_forward(x):
        import signal
        os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(1)
        return wrong(x)
""")  # fmt: skip
attack("leaving", "the parent is stopped by ptrace or a signal", "stops", """
    def relu_forward(x):
        import ctypes, signal
        if ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) != 0:  # PTRACE_ATTACH
            os.kill(os.getppid(), signal.SIGSTOP)
        time.sleep(600)
        return wrong(x)
""")  # fmt: skip
attack("leaving", "a daemon outlives the check", "host", """
    def relu_forward(x):
        if os.fork() == 0:
            os.setsid()
            os.closerange(0, 256)
            if os.fork() == 0:
                time.sleep(3)
            os._exit(0)
        return wrong(x)
""")  # fmt: skip
attack("leaving", "a detached program outlives the check", "host", """
    def relu_forward(x):
        import subprocess
        subprocess.Popen(["/bin/sleep", "3"], start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
        return wrong(x)
""")  # fmt: skip
attack("leaving", "a daemon changes the gradebook later", "host", """
    def relu_forward(x):
        if os.fork() == 0:
            os.setsid()
            os.closerange(0, 256)
            time.sleep(0.5)
            folder = os.getcwd()
            for _ in range(6):
                folder = os.path.dirname(folder)
                path = os.path.join(folder, "gradebook.json")
                if os.path.exists(path):
                    open(path, "a").write(" leaving ")
            os._exit(0)
        return wrong(x)
""")  # fmt: skip
attack("leaving", "a thread keeps the process from ending", "stops", """
    import threading
    threading.Thread(target=time.sleep, args=(600,)).start()

    def relu_forward(x): return wrong(x)
""")  # fmt: skip
attack("leaving", "a file is left for the next submission", "host", """
    def relu_forward(x):
        for place in ("/tmp", "/dev/shm", "/var/tmp"):
            try:
                open(f"{place}/nndl-attack-left", "w").write("x")
            except OSError:
                pass
        return wrong(x)
""")  # fmt: skip
