"""A trained system as a folder that goes out and comes in."""
