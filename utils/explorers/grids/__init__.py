"""What explorers show at chosen settings, computed in advance: for pages on which no Python runs.

Each module has one explorer's `Grid`: which controls its page has, at which values, and what is computed there, with
the functions of the explorer's own `compute`. ``python -m utils.explorers.grids`` computes all of it with a package's
code and writes it as JSON; a course's book draws that.
"""
