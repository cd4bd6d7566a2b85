"""Kernels for a run: forked from a prepared process where that is safe, and lent to notebooks."""
