"""P19: the wall clock of the whole node is set ahead and back, by an hour and by a day, while studies are on their way.

Every Python process of ``run`` reads ``time.time`` through a step that the test sets; the monotonic clock stays true.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from dicom_node.ledger.audit_trail import Head, follow_chain
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import TimelineRow
from dicom_node.settings import read_settings
from tests.foreign_programs.dcmtk import storescu
from tests.journey.running_node import RunningNode
from tests.journey.sent_study import write_study
from tests.journey.toy_house import READ_BY_THE_TOY, build_house, where_the_toy_scores

_HOUR, _DAY = 3600, 86_400


_STEPPED_CLOCK = """
import time
_real, _step = time.time, open({path!r})
def _stepped():
    _step.seek(0)
    return _real() + float(_step.read() or 0)
time.time = _stepped
"""


@pytest.mark.timeout(480)
def test_p19_the_clock_is_set_while_studies_are_on_their_way(tmp_path: Path) -> None:
    """Given a study at each time that the clock shows; then each report comes, no lease is lost, the trail holds."""
    step = tmp_path / "step"
    step.write_text("0")
    node, house = RunningNode(tmp_path), build_house(tmp_path / "house")
    (house / "sitecustomize.py").write_text(_STEPPED_CLOCK.format(path=str(step)))
    node.environment = where_the_toy_scores(house)
    studies = [write_study(tmp_path / "studies", 5300 + n, body_part=READ_BY_THE_TOY) for n in range(4)]
    with node:
        for study, offset in zip(studies, (_HOUR, -_HOUR, _DAY, -_DAY), strict=True):
            assert storescu(node.port, *study.files).returncode == 0
            step.write_text(str(offset))
        for study in studies:
            assert node.wait_for(study.uid, 120)["state"] == "delivered"
        ledger = Ledger(read_settings(node.config).database_url)
        with ledger.read() as session:
            assert isinstance(follow_chain(session), Head)
            rows = list(session.scalars(select(TimelineRow).order_by(TimelineRow.id)))
        ledger.close()
    times = [row.at for row in rows]
    assert max(times) - min(times) > _DAY, "it was really set"
    assert times != sorted(times), "also back, and the order of the entries is that in which things happened"
    assert not [row.event for row in rows if row.event.endswith(("_lease_lost", "_parked"))]
