"""Killed with SIGKILL at every named place, started again: nothing is lost, nothing is doubled (docs/reliability.md).

The very command line ``rheumascore run`` and a real Orthanc; a toy scores, for whatever dies is started again. With the
shipped weights: ``test_random_kills``, and with figures ``python -m benchmarks.kill_matrix``.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scoring.pixel_decoding import PixelDecoder
from scoring.spec import read_spec
from tests.journey.kept_promises import check_objects, check_store, check_study, result_of, scores_of
from tests.journey.killed_node import KilledNode
from tests.journey.kills import KILLS, UNDISTURBED, Kill
from tests.journey.sent_study import SentStudy, write_study
from tests.journey.toy_house import READ_BY_THE_TOY, TOY, build_house, where_the_toy_scores

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KilledNode]:
    house = build_house(tmp_path_factory.mktemp("house"))
    with KilledNode(tmp_path_factory.mktemp("killed"), where_the_toy_scores(house)) as running:
        yield running


@pytest.fixture(scope="module")
def survivors(node: KilledNode) -> list[SentStudy]:
    """The studies that came to rest."""
    return []


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: f"{kill.number} {kill.name}")
def test_killed_there_nothing_is_lost_and_nothing_doubled(
    node: KilledNode, survivors: list[SentStudy], kill: Kill
) -> None:
    study = write_study(node.folder / "sent", KILLS.index(kill), body_part=READ_BY_THE_TOY)
    with node.calm_after_a_fault():
        kill.happens(node, study)
    check_study(node, study)
    survivors.append(study)


def test_whoever_died_the_scores_are_those_of_a_study_during_which_nobody_dies(
    node: KilledNode, survivors: list[SentStudy]
) -> None:
    undisturbed = write_study(node.folder / "sent", len(KILLS), body_part=READ_BY_THE_TOY)
    UNDISTURBED.happens(node, undisturbed)
    check_study(node, undisturbed)
    for study in survivors:
        assert scores_of(result_of(node, study)) == scores_of(result_of(node, undisturbed))
    survivors.append(undisturbed)


def test_the_objects_are_what_the_result_is_written_as_again_byte_for_byte(
    node: KilledNode, survivors: list[SentStudy]
) -> None:
    toy = read_spec(TOY / "spec.toml")
    with PixelDecoder() as decoder:
        for study in survivors:
            check_objects(node, study, toy, decoder)


def test_the_store_holds_nothing_half_written(node: KilledNode) -> None:
    check_store(node)


def test_the_trail_of_all_this_is_unbroken(node: KilledNode) -> None:
    done = node.verb("audit", "verify")
    assert done.returncode == 0, done.stdout + done.stderr
