"""Synthetic radiographs with exact truth. They look like films; they say nothing about clinical accuracy."""
