"""A node under load, attack and kills for as long as one likes: ``python -m benchmarks.soak --help``."""
