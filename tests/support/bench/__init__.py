"""Measuring: rollouts against the best that could be, and real processes."""
