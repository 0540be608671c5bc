"""From pictures to fingers to the patient: arithmetic and words, without pixels or weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.capillaroscopy.picture_measures import NotMeasured
from scoring.result import ProtocolUse, ScoreItem, ScoreResult, ScoreTotal
from scoring.score_rules.nailfold_fast_track import GIANT, NOTHING_IN_MM
from scoring.spec import read_spec
from scoring.systems.nailfold.picture_items import picture_items
from scoring.systems.nailfold.picture_place import place_pictures, taking_order
from scoring.systems.nailfold.picture_reading import PictureReading
from scoring.systems.nailfold.protocol import VisitMinimum
from scoring.systems.nailfold.remarks import remarks
from scoring.systems.nailfold.repeated_pictures import repeats
from scoring.systems.nailfold.totals import totals
from scoring.trial import Demand, TrialProtocol
from tests.scoring.systems.nailfold.read_pictures import image, measures, readings
from tests.scoring.test_result import result as bare_result

SPEC = read_spec(Path(__file__).parents[4] / "scoring" / "systems" / "nailfold" / "spec.toml")
EIGHT = [{"side": side, "finger": finger} for side in "RL" for finger in ("INDEX", "MIDDLE", "RING", "LITTLE")]
RULED = TrialProtocol(ProtocolUse("SSC-204", 64 * "a"), (Demand("nailfold", "fingers", 9),)).ruling(SPEC)
FAULTS = ("", "too_blurry", "glare", "over_exposed")
pictured = st.fixed_dictionaries(
    {
        "side": st.sampled_from(["R", "L", ""]),
        "finger": st.sampled_from(["INDEX", "RING", ""]),
        "fault": st.sampled_from(FAULTS),
        "giant": st.floats(0, 1).map(lambda p: round(p, 6)),
    }
)


def items_of(found: list[PictureReading]) -> tuple[ScoreItem, ...]:
    return tuple(item for reading in found for item in picture_items(SPEC, reading))


def totals_of(*pictures: dict[str, Any]) -> dict[str, ScoreTotal]:
    found = readings(*pictures)
    return {total.key: total for total in totals(SPEC, found, items_of(found))}


def said_of(*pictures: dict[str, Any]) -> str:
    return "\n".join(remarks(readings(*pictures), VisitMinimum.of(SPEC)))


@settings(deadline=None)
@given(st.lists(pictured, min_size=1, max_size=12))
def test_the_patient_is_what_the_pictures_say(pictures: list[dict[str, Any]]) -> None:
    found = totals_of(*pictures)
    read = [p["giant"] for p in pictures if not p["fault"]]
    assert (found["pictures"].grade, found["pictures"].planned) == (len(read), len(pictures))
    assert found["giant.maximum"].value == (max(read) if read else None)
    assert found["giant.positives"].grade == (sum(p >= 0.5 for p in read) if read else None)
    assert all((t.value is None and t.grade is None) == (t.reason is not None) for t in found.values())
    fingers = {(p["side"], p["finger"]) for p in pictures if p["side"] and p["finger"] and not p["fault"]}
    assert found["fingers"].grade == len(fingers)


@settings(deadline=None)
@given(st.lists(pictured, min_size=1, max_size=12))
def test_nothing_is_said_of_fingers_without_a_picture_and_every_item_has_a_number_or_a_reason(
    pictures: list[dict[str, Any]],
) -> None:
    here = {(p["side"] or None, p["finger"] or "UNKNOWN") for p in pictures}
    found = totals(SPEC, readings(*pictures), items_of(readings(*pictures)))
    assert {(t.side, SPEC.total(t.key).site) for t in found if SPEC.total(t.key).site} == here
    items = items_of(readings(*pictures))
    assert len({item.key for item in items}) == len(items) == 9 * len(pictures)
    assert all((item.reason is None) == (item.status == "scored") for item in items)


def test_what_is_stored_is_read_back_as_the_same_result() -> None:
    found = readings({"giant": 0.9, "measured": measures(8)}, {"fault": "glare"}, {"side": "", "finger": ""})
    items = items_of(found)
    made = replace(bare_result(), items=items, totals=totals(SPEC, found, items), marks=())
    assert ScoreResult.from_json(made.to_json()).digest == made.digest


def test_a_finger_is_what_its_own_pictures_say() -> None:
    found = totals_of({"giant": 0.9}, {"giant": 0.3}, {"finger": "INDEX", "giant": 0.1})
    assert (found["R.RING.giant.maximum"].value, found["R.RING.giant.mean"].value) == (0.9, 0.6)
    assert (found["R.RING.giant.positives"].grade, found["R.INDEX.giant.positives"].grade) == (1, 0)


def test_features_of_a_blurry_picture_are_not_assessable_and_that_it_is_blurry_is_a_result() -> None:
    items = {item.item: item for item in items_of(readings({"fault": "too_blurry", "measured": measures(9)}))}
    assert (items["too_blurry"].grade, items["too_blurry"].value) == (1, 0.97)
    others = [item for key, item in items.items() if key != "too_blurry"]
    assert {item.reason for item in others} == {SPEC.reasons["too_blurry"]}


def test_a_picture_that_is_read_but_not_sharp_enough_for_measures_says_that_and_so_does_its_visit() -> None:
    # given
    pictures = ({"giant": 0.9, "measured": NotMeasured("not_sharp")}, {"fault": "too_blurry"})

    # when
    read = {item.item: item for item in items_of(readings(pictures[0]))}
    found = totals_of(*pictures)

    # then
    assert (read["giant"].grade, read["density"].reason) == (1, SPEC.reasons["not_sharp"])
    assert found["fast_track"].reason == SPEC.reasons["not_sharp"]


def test_with_a_scale_density_and_diameters_are_measured_and_the_rule_that_fired_is_named() -> None:
    found = totals_of({"measured": measures(8)}, {"measured": measures(5, 61.2)})
    assert (found["density"].value, found["widest_apex"].value) == (6.5, 61.2)
    assert (found["fast_track"].grade, found["fast_track"].rule) == (2, SPEC.rules["giant"])
    assert f"{GIANT.words}. It fired on 1 of 2 measured pictures: right ring 2 (5.0/mm, widest apex 61 µm)" in said_of(
        {"measured": measures(8)}, {"measured": measures(5, 61.2)}
    )


def test_where_a_single_picture_makes_the_category_that_is_said() -> None:
    giant, normal = {"measured": measures(8, 61.2)}, {"measured": measures(8)}
    one = said_of(normal, giant, normal)
    assert "a single picture decides, the other 2 say category 1" in one
    assert "a single picture" not in said_of(giant, giant, normal) + said_of(normal, normal) + said_of(giant)


def test_without_a_scale_nothing_is_given_in_millimetres_and_why_is_said() -> None:
    found = totals_of({"giant": 0.99})
    assert found["fast_track"].reason == found["density"].reason == SPEC.reasons["not_calibrated"]
    assert NOTHING_IN_MM in said_of({"giant": 0.99})


def test_where_network_and_measurement_disagree_both_are_told() -> None:
    words = said_of({"giant": 0.9, "measured": measures(8)}, {"giant": 0.9, "measured": measures(8, 70.0)})
    assert "disagree on giant capillaries in 1 of 2 pictures: right ring 1 (network 90 %)" in words
    assert "low density in" not in words


def test_what_writing_hides_of_the_row_is_said_where_it_hides_any() -> None:
    hidden = replace(measures(8), hidden_row_mm=0.123)
    words = said_of({"measured": replace(hidden, hidden_row_mm=0.01)}, {"measured": hidden})
    assert (
        "hides part of the row in 1 of 2 pictures; that part was left out of what was measured: right ring 2 (0.12 mm)"
        in words
    )
    assert "burned into" not in said_of({"measured": measures(8)})


def test_too_few_fingers_or_pictures_are_said_with_what_is_asked_for() -> None:
    assert "ask for" not in said_of(*EIGHT)
    words = said_of(*EIGHT[:3])
    assert "Not diagnostic as a visit: 3 fingers and 3 pictures could be assessed; without a trial's protocol " in words
    assert "we ask for at least 4 fingers and 8 pictures." in words


def test_a_finger_counts_from_as_many_pictures_on_as_the_protocol_asks_for() -> None:
    ruled = replace(VisitMinimum.of(RULED), fingers=4, pictures_of_a_finger=2)
    twice, once = readings(*EIGHT[:4], *EIGHT[:4]), readings(*EIGHT)
    assert ruled.fulfilled(twice) and not ruled.fulfilled(once)
    assert ruled.in_words(twice) == (
        "Enough for a visit: 4 fingers with 2 pictures each and 8 pictures could be assessed; the protocol 'SSC-204' "
        "asks for at least 4 fingers with 2 pictures each and 8 pictures."
    )
    assert ruled.in_words(once).startswith("Not diagnostic as a visit: 0 fingers with 2 pictures each and 8 pictures")


def test_the_protocol_of_a_trial_is_named_with_what_it_asks_and_what_it_leaves_open_stays() -> None:
    minimum = VisitMinimum.of(RULED)
    assert (minimum.fingers, minimum.pictures_of_a_finger, minimum.pictures) == (9, 1, 8)
    assert not minimum.fulfilled(readings(*EIGHT))
    words = "\n".join(remarks(readings(*EIGHT), minimum))
    assert "8 fingers and 8 pictures could be assessed; the protocol 'SSC-204' asks for at least 9 fin" in words


def test_pictures_that_cannot_be_read_are_listed_with_what_to_do() -> None:
    words = said_of(*EIGHT, {"fault": "too_blurry", "finger": "RING"}, {"fault": "glare", "finger": ""})
    assert "Too blurry: hold the lens still on the oil and take it again. (right ring 2)" in words
    assert "Nobody said side and finger of 1 of 10 pictures" in words


def test_pictures_are_numbered_as_they_were_taken_however_they_arrive() -> None:
    sent = [image("2.25.3", taken="1002"), image("2.25.9", taken="1001"), image("2.25.1", "L", taken="1003")]
    ordered = sorted((one.reference for one in sent), key=taking_order)
    assert [str(place) for place in place_pictures(ordered)] == ["right ring 1", "right ring 2", "left ring 1"]
    assert [one.sop_instance_uid for one in ordered] == ["2.25.9", "2.25.3", "2.25.1"]


def test_the_same_picture_twice_counts_once_and_two_fingers_of_it_are_named() -> None:
    again = repeats([image("2.25.1"), image("2.25.2"), image("2.25.3", "L"), image("2.25.4", shade=0.4)])
    assert list(again) == ["2.25.2", "2.25.3"]
    assert "another finger" not in again["2.25.2"]
    assert "the same picture as right ring 1, said to show another finger (left ring 1)" in again["2.25.3"]
