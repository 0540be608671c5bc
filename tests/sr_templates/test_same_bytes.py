"""The same stored result gives the same bytes: twice, on another day, in another time zone and locale."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import UID

from sr_templates.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, derived_uid
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import objects_of, write

ROOT = Path(__file__).parents[2]
PROGRAM = "from tests.sr_templates.test_same_bytes import digests; print(digests())"


def digests() -> str:
    return " ".join(hashlib.sha256(o.content).hexdigest() for o in write(results.two_hands()))


@pytest.mark.parametrize(("zone", "locale"), [("Pacific/Auckland", "C"), ("America/St_Johns", "tr_TR.UTF-8")])
def test_another_process_time_zone_and_locale(zone: str, locale: str) -> None:
    environment = {**os.environ, "TZ": zone, "LANG": locale, "LC_ALL": locale, "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    assert done.stdout.strip() == digests()


def test_other_content_has_other_uids() -> None:
    made = results.two_hands()
    items = (replace(made.result.items[0], grade=4), *made.result.items[1:])
    other = replace(made, result=replace(made.result, items=items))
    first, second = objects_of(results.two_hands), write(other)
    assert not {o.sop_instance_uid for o in first} & {o.sop_instance_uid for o in second}


def test_pictures_do_not_depend_on_the_form() -> None:
    """So that two destinations with other forms get one and the same picture, not two of them."""
    assert objects_of(results.one_hand)[:-1] == objects_of(results.one_hand, "enhanced")[:-1]


def test_every_uid_is_valid_and_derived_from_all_its_names() -> None:
    uids = [derived_uid("a", "b"), derived_uid("a/b"), derived_uid("b", "a"), derived_uid("a", "b", "")]
    assert len(set(uids)) == 4
    assert all(UID(uid).is_valid and len(uid) <= 64 for uid in [*uids, IMPLEMENTATION_CLASS_UID])
    assert len(IMPLEMENTATION_VERSION_NAME) <= 16


def test_the_bytes_of_a_report_change_only_with_a_new_edition() -> None:
    """When this fails on purpose, raise ``EDITION`` in uids.py: an archive keeps what it has under a known UID."""
    made = results.two_hands()
    made = replace(made, spec=replace(made.spec, title="A title"), result=replace(made.result, system_version="0"))
    report = write(made)[-1]
    assert hashlib.sha256(report.content).hexdigest()[:16] == GOLDEN


GOLDEN = "b13fc3b767944113"
