"""Model cards: what an auditor asks of weights, written from what was measured."""
