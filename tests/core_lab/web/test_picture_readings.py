"""The readings of numbered pictures on the study page: the words of the report, a row for each finger and picture."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from core_lab.web.picture_readings import picture_marks, picture_name, picture_readings
from tests.sr_templates import nailfold_results as nailfolds
from tests.sr_templates import results_for_tests as hands


def test_every_picture_and_finger_has_a_row_and_a_gap_says_why() -> None:
    readings = picture_readings(nailfolds.whole_visit().result)
    assert readings is not None
    (_, _, fingers), (_, _, pictures) = readings.parts
    assert (len(fingers), len(pictures)) == (1 + 8, 16) and fingers[0].row.label == "Patient"
    blurry = next(shown for shown in pictures if shown.row.label == "Right middle finger 2")
    assert blurry.cells[0].note and blurry.cells[0].words == "Abnormal shapes not given: Too blurry to grade"
    assert f"{blurry.cells[0].note}: Too blurry to grade" in readings.key
    blur = blurry.cells[4]
    assert (blur.words, blur.level) == ("Too blurry 93 % (retake)", 5), "about the picture: no colour of damage"
    templates = Environment(loader=PackageLoader("core_lab.web"), autoescape=True, undefined=StrictUndefined)
    table = templates.from_string('{% from "readings.html" import table_of %}{{ table_of(it) }}').render(it=readings)
    assert table.count("<tr>") == 2 + 9 + 16 and 'data-mark="Right ring finger 1"' in table


def test_a_picture_is_called_by_its_finger_and_framed_with_its_readings() -> None:
    result = nailfolds.two_fingers().result
    uid = result.images[1].sop_instance_uid
    assert picture_name(result, uid) == "Right index finger 2"
    [mark] = picture_marks(result, uid) or []
    assert mark["box"] == [-0.5, -0.5, 319.5, 239.5] and "Haemorrhages 74 %" in mark["words"]


def test_a_system_that_reads_each_site_once_has_its_grade_sheet() -> None:
    result = hands.one_hand().result
    assert picture_readings(result) is None
    assert picture_marks(result, result.images[0].sop_instance_uid) is None
