"""The doors of the sandbox: ways from outside into one simulated world."""
