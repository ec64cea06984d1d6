"""Real requests through a real HAProxy to real servers, while groups of the sandbox are rolled."""
