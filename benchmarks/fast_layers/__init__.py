"""How fast `utils.fast_layers` is, beside NumPy and PyTorch: ``python -m benchmarks.fast_layers``."""
