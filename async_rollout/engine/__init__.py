"""THE LOOP: look, recall, decide, act, tell. Knows the core and its own ports; knows no AWS."""
