"""One running node for the whole module: starting torch twice would double the suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dicom_node.ledger.ledger import Ledger
from dicom_node.settings import read_settings
from tests.journey.accounted_studies import check_account
from tests.journey.running_node import RunningNode


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    with RunningNode(tmp_path_factory.mktemp("node")) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody_is_forgotten(request: pytest.FixtureRequest) -> Iterator[None]:
    """P7, after every test with a node: each study received is scored, declined, waiting or parked."""
    running = request.getfixturevalue("node") if "node" in request.fixturenames else None
    yield
    if isinstance(running, RunningNode):
        ledger = Ledger(read_settings(running.config).database_url)
        with ledger.read() as session:
            check_account(session)
        ledger.close()
