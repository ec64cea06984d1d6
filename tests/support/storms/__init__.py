"""Storms: a world, its weather, other people, and who is to blame."""
