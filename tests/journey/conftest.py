"""One running node for the whole module: starting torch twice would double the suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journey.running_node import RunningNode


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    with RunningNode(tmp_path_factory.mktemp("node")) as running:
        yield running
