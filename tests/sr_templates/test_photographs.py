"""Pictures of photographs: the original stays visible, what was found is on it, and all are on one page."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from scoring.phantoms.nailfold.nailfold import draw_nailfold
from scoring.phantoms.nailfold.patient import draw_patient
from scoring.phantoms.nailfold.skin_tone import DARKEST, LIGHTEST
from sr_templates.isolines import ISOLINES, draw_isolines
from sr_templates.loop_drawing import GIANT, LOOP, draw_loops
from sr_templates.montage_drawing import draw_montage
from sr_templates.picture_findings import picture_findings
from tests.sr_templates import nailfold_results as nailfolds
from tests.sr_templates.colour_vision import VISIONS, difference, seen_as
from tests.sr_templates.results_for_tests import ResultForTests
from tests.sr_templates.written_objects import objects_of, of_role, write

SKIN = (200, 140, 120)
Picture = npt.NDArray[np.uint8]


def skin(side: int = 400) -> Image.Image:
    return Image.new("RGB", (side, side), SKIN)


def changed(picture: Image.Image) -> npt.NDArray[np.bool_]:
    return np.asarray((np.asarray(picture) != np.array(SKIN)).any(2))


def hill(cells: int = 20) -> Picture:
    y, x = np.mgrid[:cells, :cells] - (cells - 1) / 2
    return np.asarray(255 * np.exp(-(x**2 + y**2) / (0.1 * cells**2)), np.uint8)


def test_heat_is_drawn_as_lines_and_leaves_the_photograph_between_them() -> None:
    picture = skin()
    draw_isolines(picture, hill(), 3)
    assert 0.01 < changed(picture).mean() < 0.15
    assert not changed(picture)[195:205, 195:205].any(), "the hottest place is not covered"
    assert {colour for _, colour in ISOLINES} <= {tuple(c) for c in np.asarray(picture).reshape(-1, 3).tolist()}


@pytest.mark.parametrize("heat", [0, 60])
def test_a_photograph_without_heat_has_no_line(heat: int) -> None:
    picture = skin()
    draw_isolines(picture, np.full((20, 20), heat, np.uint8), 3)
    assert not changed(picture).any()


def test_every_loop_has_a_ring_at_its_apex_and_a_giant_two_and_its_diameter() -> None:
    normal, giant = skin(), skin()
    draw_loops(normal, np.array([[99.5, 149.5, 14]], np.float32), 2, 20)
    draw_loops(giant, np.array([[99.5, 149.5, 62]], np.float32), 2, 20)
    rows, columns = np.nonzero(changed(normal))
    assert abs(rows.mean() - 299.5) < 1 and abs(columns.mean() - 199.5) < 1
    assert not changed(normal)[297:302, 197:202].any(), "the apex itself stays visible"
    assert changed(giant).sum() > 3 * changed(normal).sum()
    assert changed(giant)[:280].any(), "the diameter stands above the rings"


def test_rings_at_the_edge_are_cut_off_and_never_fail() -> None:
    picture = skin(60)
    draw_loops(picture, np.array([[-3, 0, 80], [59, 59, 80], [200, 200, 10]], np.float32), 1, 20)
    assert changed(picture).any()


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("tone", [LIGHTEST, (LIGHTEST + DARKEST) / 2, DARKEST])
def test_lines_and_rings_stand_out_from_skin_and_blood_to_every_colour_vision(vision: str, tone: float) -> None:
    pixels = draw_nailfold(draw_patient(3, tone=tone), "R", "RING", columns=64, too_blurry=False).pixels.reshape(-1, 3)
    lit = pixels[pixels.max(1) > 60]
    middle, darkest = (np.percentile(lit, share, axis=0).astype(int).tolist() for share in (50, 5))
    for colour in (LOOP, GIANT, *(colour for _, colour in ISOLINES)):
        for ground in (middle, darkest):
            assert difference(seen_as(colour, vision), seen_as(ground, vision)) > 12


@pytest.mark.parametrize("make", [nailfolds.whole_visit, nailfolds.one_picture, nailfolds.uncalibrated])
def test_each_judged_photograph_is_one_picture_and_all_are_on_one_page(make: Callable[[], ResultForTests]) -> None:
    made, objects = make(), objects_of(make)
    overlays, (montage,) = of_role(objects, "heatmap"), of_role(objects, "montage")
    judged = {h.image for h in made.result.heatmaps}
    assert {o.SourceImageSequence[0].ReferencedSOPInstanceUID for o in overlays} == judged
    shown = {item.ReferencedSOPInstanceUID for item in montage.SourceImageSequence}
    assert shown == {item.image for item in made.result.items}
    sides = {item.side for item in made.result.items} - {None}
    assert montage.ImageLaterality == ("B" if len(sides) == 2 else sides.pop() if sides else "U")


@pytest.mark.parametrize("make", [nailfolds.whole_visit, nailfolds.one_picture])
def test_the_patients_summary_leads_to_the_page_of_all_pictures(make: Callable[[], ResultForTests]) -> None:
    objects = objects_of(make)
    (montage,), (page,), (report,) = (of_role(objects, role) for role in ("montage", "report_page", "report"))
    links = dict(_illustrations(report))
    assert links["NAILFOLD both summary"] == montage.SOPInstanceUID
    assert page.SOPInstanceUID in {uid for name, uid in links.items() if name.endswith("summary")}
    [study] = report.CurrentRequestedProcedureEvidenceSequence
    evidence = {
        one.ReferencedSOPInstanceUID
        for series in study.ReferencedSeriesSequence
        for one in series.ReferencedSOPSequence
    }
    assert {montage.SOPInstanceUID, page.SOPInstanceUID, *links.values()} <= evidence


def _illustrations(report: Dataset) -> Iterator[tuple[str, str]]:
    """Of each group its name, and the picture that it leads to."""
    groups = next(i for i in report.ContentSequence if name_of(i) == "Imaging Measurements").ContentSequence
    for group in groups:
        parts = {name_of(part): part for part in group.get("ContentSequence", ())}
        if shown := parts.get("Illustration of ROI"):
            yield parts["Tracking Identifier"].TextValue, shown.ReferencedSOPSequence[0].ReferencedSOPInstanceUID


def name_of(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeMeaning) if "ConceptNameCodeSequence" in item else ""


def test_the_photograph_itself_is_on_its_picture() -> None:
    made = nailfolds.one_picture()
    cold = replace(made.result, marks=())
    arrays = {array: _still(content) for array, content in made.arrays.items()}
    overlay = of_role(write(replace(made, result=cold, arrays=arrays)), "heatmap")[0]
    shown = overlay.pixel_array[80:550:50, 400]
    source = made.sources[made.result.heatmaps[0].image].pixels[120, 160]
    assert np.abs(shown.astype(float) - 255 * source).max() <= 2


def _still(content: bytes) -> bytes:
    """The heatmap with nothing hot on it."""
    array = np.load(io.BytesIO(content))
    out = io.BytesIO()
    np.save(out, np.zeros_like(array))
    return out.getvalue()


@pytest.mark.parametrize("pictures", [1, 4, 5, 20])
def test_the_page_grows_with_its_pictures(pictures: int) -> None:
    made = nailfolds.whole_visit()
    known = picture_findings(made.result, made.spec)
    first = [item for item in made.result.items if item.image == known[0].image]
    items = tuple(replace(item, picture=n, image=f"2.25.{n}") for n in range(1, pictures + 1) for item in first)
    result = replace(made.result, items=items)
    photographs = {f"2.25.{n}": Image.new("RGB", (400, 300), (10 * n, 250, 7)) for n in range(1, pictures + 1)}
    page = draw_montage(result, made.spec, photographs)
    for n in range(1, pictures + 1):
        assert (page == (10 * n, 250, 7)).all(2).sum() == 346 * 260, "each picture is there, whole"
    assert page.shape[1] == 1600


def test_what_is_said_of_a_picture_is_said_in_words() -> None:
    made = nailfolds.whole_visit()
    for findings in picture_findings(made.result, made.spec):
        items = [item for item in made.result.items if item.image == findings.image]
        assert bool(findings.why_not) == any(item.status != "scored" for item in items)
        assert len(findings.labels) == 5
        assert bool(findings.measured) == any(i.item == "density" and i.status == "scored" for i in items)


def test_a_picture_that_cannot_be_decoded_again_leaves_an_empty_place() -> None:
    made = nailfolds.one_picture()
    gone = {uid: replace(source, pixels=np.zeros((0, 0), np.float32)) for uid, source in made.sources.items()}
    objects = write(replace(made, sources=gone))
    assert [one.role for one in objects] == ["montage", "report_page", "report"]
    assert dcmread(io.BytesIO(objects[0].content)).Rows > 400
