"""Fixtures of the whole suite: the foreign programs."""

pytest_plugins = (
    "tests.foreign_programs.chromium",
    "tests.foreign_programs.orthanc",
    "tests.foreign_programs.postgresql",
    "tests.foreign_programs.rabbitmq",
    "tests.foreign_programs.redis",
)
