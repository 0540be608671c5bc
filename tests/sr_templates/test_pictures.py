"""The pictures: on the source's grid, showing what they should, never a name."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from scoring.catalogue import find_spec
from scoring.result import Heatmap, ScoreTotal
from scoring.stored_array import array_bytes
from sr_templates.colour_map import DAMAGE_COLOURS, UNDAMAGED, damage_colour, heat_colours, heat_opacity
from sr_templates.heatmap_capture import LONGEST_SIDE
from sr_templates.heatmap_drawing import draw_heatmap
from sr_templates.lettering import drawable, font, wrapped
from sr_templates.page_style import MARGIN, PANEL, WIDTH
from sr_templates.report_page_drawing import draw_report_page
from sr_templates.sums_table import draw_sums
from sr_templates.writing import SourceImage
from tests.scoring.test_result import result as bare_result
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.written_objects import write

SPACING = {
    "PixelSpacing": [0.5, 0.5],
    "PixelSpacingCalibrationType": "GEOMETRY",
    "PixelSpacingCalibrationDescription": "table top to detector: 60 mm",
}


def one_film(rows: int, columns: int) -> results.ResultForTests:
    """One hand, its film of another size."""
    made = results.one_hand()
    (uid, source), *_ = made.sources.items()
    source.header.Rows, source.header.Columns = rows, columns
    images = tuple(replace(image, rows=rows, columns=columns) for image in made.result.images)
    film = SourceImage(source.header, np.full((rows, columns), 0.3, np.float32))
    return replace(made, result=replace(made.result, images=images), sources={uid: film})


def pictures(made: results.ResultForTests) -> list[Dataset]:
    return [dcmread(io.BytesIO(o.content)) for o in write(made) if o.role != "report"]


def luminance(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    return np.asarray(colours, np.float64) @ [0.2126, 0.7152, 0.0722]


def test_a_heatmap_lies_on_the_grid_of_its_source() -> None:
    heatmap, page = pictures(one_film(1300, 1250))
    assert (heatmap.Rows, heatmap.Columns) == (1300, 1250)
    assert heatmap.SourceImageSequence[0].ReferencedSOPInstanceUID == "2.25.11"
    assert (heatmap.ImageLaterality, page.ImageLaterality) == ("R", "R")
    assert (heatmap.BurnedInAnnotation, heatmap.ConversionType) == ("YES", "WSD")
    assert [p.InstanceNumber for p in (heatmap, page)] == [1, 2]


@pytest.mark.parametrize(("rows", "columns", "said"), [(2400, 1800, "1800 x 2400 to 1080 x 1440"), (480, 400, "")])
def test_a_film_too_large_or_too_small_is_resized_and_says_so(rows: int, columns: int, said: str) -> None:
    heatmap, _ = pictures(results.with_header(one_film(rows, columns), **SPACING))
    assert max(heatmap.Rows, heatmap.Columns) == LONGEST_SIDE
    assert f"Resized from {said}" in heatmap.DerivationDescription
    assert "PixelSpacing" not in heatmap


def test_a_spacing_is_kept_on_the_grid_of_the_source_when_it_is_calibrated() -> None:
    assert pictures(results.with_header(one_film(1300, 1250), **SPACING))[0].PixelSpacing == [0.5, 0.5]
    assert "PixelSpacing" not in pictures(results.with_header(one_film(1300, 1250), PixelSpacing=[0.5, 0.5]))[0]


def test_the_patient_cannot_be_read_from_any_pixel() -> None:
    """The same pixels whoever it is: nothing of the header is drawn."""
    first = pictures(results.two_hands())
    other = results.with_header(
        results.two_hands(),
        PatientName="Someone^Else",
        PatientID="P-9",
        PatientBirthDate="19990101",
        AccessionNumber="Z",
        StudyDescription="Other words",
        ClinicalTrialSubjectID="SUBJ-99",
    )
    for one, another in zip(first, pictures(other), strict=True):
        assert one.PixelData == another.PixelData


def test_heat_is_drawn_where_the_array_is_hot_and_nowhere_else() -> None:
    made = results.one_hand()
    grid = np.zeros((48, 40), np.uint8)
    grid[24:28, 4:8] = 255
    digest, _ = array_bytes(grid)
    heatmap = Heatmap("2.25.11", digest, "Grad-CAM", "grades")
    bare = replace(made.result, items=(), hands=())
    source = Image.new("L", (400, 480), 90)
    drawn = draw_heatmap(bare, made.spec, heatmap, source, grid, 1.0).astype(int)
    coloured = np.ptp(drawn, axis=2) > 8
    ys, xs = np.nonzero(coloured[100:400])
    assert xs.min() >= 20 and xs.max() <= 100
    assert ys.min() >= 120 and ys.max() <= 200
    assert coloured[260, 60]


def test_nothing_is_drawn_for_what_was_not_decoded() -> None:
    assert [p.DerivationDescription[:5] for p in pictures(results.not_evaluable(decoded=False))] == ["Table"]


def test_the_page_differs_where_a_single_zero_becomes_a_dash() -> None:
    made = results.two_hands()
    zero = next(i for i in made.result.items if i.grade == 0)
    gap = replace(
        zero, status="not_assessable", value=None, grade=None, certainty=None, reason=made.spec.reasons["outside_image"]
    )
    items = tuple(gap if i is zero else i for i in made.result.items)
    one = draw_report_page(made.result, made.spec)
    other = draw_report_page(replace(made.result, items=items), made.spec)
    assert (one != other).any(axis=2).sum() > 30


def test_the_hands_sum_stands_below_the_head_of_the_total() -> None:
    """Given a system that gives each hand a sum, and both a class and a total; then not below the head of the class."""
    spec = find_spec("svdh_hands")
    hand = ScoreTotal("svdh.all.R", "R", 60.0, 60, 1, 1, 140.0)
    both = [ScoreTotal(key, None, 5.0, 5, 2, 2, 280.0) for key in ("svdh.severity.both", "svdh.all.both")]
    drawn = []
    for totals in ((hand, *both), both):
        page = Image.new("RGB", (WIDTH, 300), PANEL)
        draw_sums(page, bare_result(system=spec.key, totals=tuple(totals)), spec, 0)
        drawn.append(np.asarray(page)[45:85])
    with_hand, without = drawn
    xs = np.nonzero((with_hand != PANEL).any((0, 2)))[0]
    first_number = xs[xs > MARGIN + 150].min()
    assert first_number > WIDTH / 2
    assert (without[:, : WIDTH // 2] != PANEL).any(), "where both have their class"


def test_a_legend_speaks_of_grades_only_where_a_site_is_marked() -> None:
    made = results.one_hand()
    digest, grid = array_bytes(np.zeros((48, 40), np.uint8))[0], np.zeros((48, 40), np.uint8)
    source = Image.new("L", (400, 480), 90)
    swatches = []
    for result in (made.result, replace(made.result, items=())):
        heatmap = Heatmap("2.25.11", digest, "Grad-CAM", "grades")
        strip = draw_heatmap(result, made.spec, heatmap, source, grid, 1.0)[400:]
        swatches.append((strip == UNDAMAGED).all(2).sum())
    assert swatches[0] > swatches[1] == 0


def test_colours_survive_a_grey_printer() -> None:
    light = luminance(heat_colours())
    assert np.all(np.diff(light) > -0.5)
    assert light[-1] - light[0] > 150
    opacity = heat_opacity().astype(int)
    assert opacity[0] == opacity[30] == 0
    assert np.all(np.diff(opacity) >= 0)
    greys = luminance(np.array(DAMAGE_COLOURS, np.uint8))
    assert np.all(np.diff(greys) < -20)
    assert [damage_colour(s) for s in (0.0, 0.2, 0.5, 1.0)] == [UNDAMAGED, *DAMAGE_COLOURS]


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        ("0–5 × 2", "0–5 × 2"),
        ("Größe, λευκό, кисть", "Größe, λευκό, кисть"),
        ("Gro\u0308ße", "Größe"),
        ("ạ ﬁ", "a fi"),
        ("関節 ok", "?? ok"),
        ("a · b…", "a · b…"),
    ],
)
def test_letters_that_the_typeface_lacks_are_spelt(words: str, drawn: str) -> None:
    assert drawable(words) == drawn


def test_words_are_wrapped_to_the_width() -> None:
    letters = font(20)
    lines = wrapped("demonstration weights; disease grades learnt on synthetic images only", letters, 200)
    assert len(lines) > 2
    assert all(letters.getlength(line) <= 200 for line in lines)
