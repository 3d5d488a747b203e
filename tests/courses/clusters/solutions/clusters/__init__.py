"""Clustering, one function at a time."""
