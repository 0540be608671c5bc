"""The same stored result gives the same bytes, on any machine and day; another result gives other objects."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.uid import UID

from scoring.errors import RheumascoreError
from scoring.result import ScoreResult
from sr_templates import codes
from sr_templates.document_forms import LADDER, Extra
from sr_templates.result_objects import WrittenObject, write_result_objects
from sr_templates.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, derived_uid, tracking_uid
from tests.sr_templates import results_for_tests as results
from tests.sr_templates import stored_bytes
from tests.sr_templates.generated_results import any_result, report_alone
from tests.sr_templates.results_for_tests import ResultForTests
from tests.sr_templates.written_objects import objects_of, reports_of, write, write_report

ROOT = Path(__file__).parents[2]
EXTRAS: tuple[Extra, ...] = get_args(Extra)
SURROUNDINGS = {
    "another day, no locale": (["--far"], {"TZ": "Pacific/Auckland", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"}),
    "another time zone": ([], {"TZ": "America/St_Johns", "LC_ALL": "en_US.UTF-8", "PYTHONHASHSEED": "7"}),
}


@pytest.fixture(scope="module")
def written_here() -> list[str]:
    return stored_bytes.digests()


@pytest.mark.parametrize("where", SURROUNDINGS)
def test_another_process_day_time_zone_and_locale(where: str, written_here: list[str]) -> None:
    arguments, variables = SURROUNDINGS[where]
    environment = {**os.environ, "PYTHONUTF8": "0", **variables}
    program = [sys.executable, "-m", "tests.sr_templates.stored_bytes", *arguments]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    assert done.stdout.splitlines() == written_here


def test_one_uid_never_has_two_contents() -> None:
    """An archive keeps the first object under a UID: every form and every choice of extras must agree on each."""
    contents: dict[str, str] = {}
    made = results.short()
    for form in LADDER:
        for extras in ((), EXTRAS, *((extra,) for extra in EXTRAS)):
            for one in written(made, form, extras):
                digest = hashlib.sha256(one.content).hexdigest()
                assert contents.setdefault(one.sop_instance_uid, digest) == digest, (one.role, form, extras)


def test_forms_have_reports_of_their_own_and_pictures_in_common() -> None:
    """So that two destinations with other forms get one and the same picture, not two of them."""
    by_form = {form: objects_of(results.one_hand, form) for form in LADDER}
    reports = [one.sop_instance_uid for objects in by_form.values() for one in objects if one.role == "report"]
    assert len(set(reports)) == len(reports) == len(LADDER) - 1
    pictures = [tuple(one for one in objects if one.role != "report") for objects in by_form.values()]
    assert len(set(pictures)) == 1


def test_reports_for_tests_are_those_that_are_sent() -> None:
    """Judges and readers of others are shown reports whose pictures were drawn once for all forms."""
    for form, report in reports_of(results.two_hands).items():
        assert [report] == [one.content for one in objects_of(results.two_hands, form) if one.role == "report"]


def test_another_result_shares_no_object_and_no_series() -> None:
    made = results.short()
    other = replace(made, result=replace(made.result, notes=("One more word.",)))
    for form in LADDER:
        first, second = written(made, form, EXTRAS), written(other, form, EXTRAS)
        assert len(first) == len(second)
        for name in ("sop_instance_uid", "series_instance_uid"):
            assert not {getattr(o, name) for o in first} & {getattr(o, name) for o in second}


Place = tuple[str | int, ...]
OTHERWISE = {
    bool: st.booleans(),
    int: st.integers(0, 9),
    float: st.floats(0, 5),
    str: st.text(max_size=5),
    type(None): st.integers(0, 5) | st.text(max_size=5),
}


def leaves(value: Any, place: Place = ()) -> dict[Place, Any]:
    """Every number, word and gap in a stored result, by its place."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {at: leaf for key, part in parts for at, leaf in leaves(part, (*place, key)).items()} or {place: value}


def with_leaf(result: ScoreResult, place: Place, leaf: Any) -> ScoreResult:
    """The result with one value of its stored form replaced."""
    stored = part = json.loads(result.to_json())
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = leaf
    return ScoreResult.from_json(json.dumps(stored))


@cache
def everything_said() -> ResultForTests:
    """A small result that has something to say in every field."""
    made = results.short()
    prior = results.prior_of(made, forms=("comprehensive",))
    items = tuple(replace(item, interval=(0.5, 4.5)) for item in made.result.items)
    result = replace(
        made.result,
        items=items,
        notes=("A word.",),
        forced=True,
        predecessor=prior,
        baseline=replace(prior, digest="b"),
        second_opinions=results.calibrated().result.second_opinions,
    )
    return replace(made, result=result)


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_any_change_changes_every_object_and_no_tracking_uid(data: st.DataObject) -> None:
    """A tracking UID says subject, instrument, side and site, whatever else is changed."""
    made, places = everything_said(), leaves(json.loads(everything_said().result.to_json()))
    place = data.draw(st.sampled_from(list(places)))
    leaf = data.draw(OTHERWISE.get(type(places[place]), st.none()))
    try:
        changed = replace(made, result=with_leaf(made.result, place, leaf))
        assume(changed.result.to_json() != made.result.to_json())
        with config.disable_value_validation():  # as the writer does; what is not valid is refused at the end
            first, second = report_alone(made), report_alone(changed)
    except RheumascoreError:  # no result, or not a valid one: nothing is written from it
        assume(False)
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.SeriesInstanceUID != second.SeriesInstanceUID
    both = trackings(first).keys() & trackings(second).keys()
    assert {name: trackings(first)[name] for name in both} == {name: trackings(second)[name] for name in both}


@settings(deadline=None, max_examples=8, suppress_health_check=list(HealthCheck))
@given(any_result())
def test_any_result_gives_the_same_report_twice(made: ResultForTests) -> None:
    again = replace(made, result=ScoreResult.from_json(made.result.to_json()))
    assert report_alone(made).to_json() == report_alone(again).to_json()


def test_tracking_follows_the_subject_through_visits_and_systems() -> None:
    header = results.source_header()
    uid = tracking_uid(header, "SVDH", "R", "MCP2")
    header.StudyInstanceUID, header.StudyDate, header.PatientName = "2.25.9", "20270101", "Miller^Joerg"
    header.ClinicalTrialTimePointID, header.PatientID = "W48", "ANOTHER HOSPITAL'S"
    assert tracking_uid(header, "SVDH", "R", "MCP2") == uid
    other_sites = [("L", "MCP2"), ("R", "MCP3"), (None, "sum")]
    assert uid not in {tracking_uid(header, "SVDH", side, site) for side, site in other_sites}  # type: ignore[arg-type]
    for keyword in ("ClinicalTrialSubjectID", "ClinicalTrialProtocolID", "ClinicalTrialSponsorName"):
        other = results.source_header()
        setattr(other, keyword, "another")
        assert tracking_uid(other, "SVDH", "R", "MCP2") != uid


def test_a_report_names_each_source_by_the_sha256_of_its_bytes() -> None:
    made = results.several_images()
    images = tuple(replace(use, content_sha256=f"{n:x}" * 64) for n, use in enumerate(made.result.images, start=10))
    for form in LADDER[:-1]:
        report = write_report(replace(made, result=replace(made.result, images=images)), form)
        for use in images:
            assert any(use.content_sha256 in words for words in texts(report))


def test_every_object_tells_its_time_zone() -> None:
    for form in LADDER:
        for one in written(results.short(), form, EXTRAS):
            assert b"\x08\x00\x01\x02SH\x06\x00+0000 "[:-1] in one.content


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


def written(made: ResultForTests, form: Any, extras: Collection[Extra]) -> tuple[WrittenObject, ...]:
    return write_result_objects(made.result, made.spec, made.sources, made.arrays, form, extras).objects


def trackings(report: Dataset) -> dict[str, str]:
    """Tracking Identifier -> Tracking Unique Identifier."""
    found: dict[str, str] = {}
    for measurements in report.ContentSequence:
        for group in measurements.get("ContentSequence") or ():
            said = {i.ConceptNameCodeSequence[0].CodeMeaning: i for i in group.get("ContentSequence") or () if named(i)}
            if codes.TRACKING_UID.meaning in said:
                identifier = said[codes.TRACKING_IDENTIFIER.meaning].TextValue
                found[str(identifier)] = str(said[codes.TRACKING_UID.meaning].UID)
    return found


def named(item: Dataset) -> bool:
    return bool(item.get("ConceptNameCodeSequence"))


def texts(item: Dataset) -> list[str]:
    """Every Text Value of a tree."""
    own = [str(item.TextValue)] if "TextValue" in item else []
    return own + [words for child in item.get("ContentSequence") or () for words in texts(child)]


GOLDEN = "6085378458e0b45a"
