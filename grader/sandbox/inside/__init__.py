"""What may be read inside the sandbox: the worker and the wire. Nothing in here knows an answer."""
