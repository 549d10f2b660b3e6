"""Measurements of the package against its peers and of its long runs; each module is a command of its own."""
