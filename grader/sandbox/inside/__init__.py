"""The modules that run inside of the sandbox: the worker and its end of the wire. None of them holds an answer."""
