"""THE DECISIONS: theory of operation (to be written)."""
