"""Stops 1 to 3: bytes arrive, are kept, and become a study."""
