"""Fixtures of the whole suite: the foreign programs."""

pytest_plugins = ("tests.foreign_programs.orthanc",)
