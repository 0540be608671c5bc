"""The figures: files that stand alone, the same every time, and showing what they were given."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from PIL import Image

from scoring.errors import AgreementError, UndefinedMeasureError
from scoring.figures.bland_altman import bland_altman_plot
from scoring.figures.change_probability import change_probability_plot
from scoring.figures.confusion_matrix import confusion_matrix
from scoring.figures.identity_scatter import identity_scatter
from scoring.figures.reliability_diagram import reliability_diagram
from scoring.figures.sheet import Form

TRUTH, SAID = [0, 3, 9, 20, 44], [1, 2, 12, 18, 50]
GRADES = ["0", "1", "2"]
Figure = Callable[..., bytes]
FIGURES: dict[str, Figure] = {
    "bland_altman": partial(bland_altman_plot, TRUTH, SAID),
    "identity": partial(identity_scatter, TRUTH, SAID),
    "reliability": partial(reliability_diagram, [0, 1, 0, 1], [0.1, 0.8, 0.4, 0.9]),
    "confusion": partial(confusion_matrix, [0, 1, 2, 2], [0, 1, 1, 2], GRADES),
    "change": partial(change_probability_plot, {"arm A": [0, 4, -1], "arm B": [1, 2]}, smallest_detectable=2.5),
}
FORMS: tuple[Form, ...] = ("svg", "png")
each_figure = pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)


def points(svg: bytes) -> int:
    """How many points the first cloud of an SVG holds."""
    cloud = re.search(rb'<g id="PathCollection_1">(.*?)\n   </g>', svg, re.DOTALL)
    assert cloud
    return len(re.findall(rb"<use ", cloud.group(1)))


@each_figure
def test_a_vector_figure_stands_alone(draw: Figure) -> None:
    svg = draw()
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    links = re.findall(rb'(?:href|src)="([^"]*)"', svg)
    assert all(link.startswith((b"#", b"data:image/png;base64,")) for link in links)
    assert not re.search(rb"<script|@import|@font-face|<text|url\((?!#)", svg)
    assert b"dc:date" not in svg
    assert len(svg) < 120_000


@each_figure
def test_a_pixel_figure_holds_a_picture_and_no_words_about_its_making(draw: Figure) -> None:
    with Image.open(io.BytesIO(draw(form="png"))) as image:
        assert min(image.size) > 400
        assert "Software" not in image.info
        assert len(np.unique(np.asarray(image.convert("L")))) > 20


def digests() -> str:
    return " ".join(hashlib.sha256(draw(form=form)).hexdigest() for draw in FIGURES.values() for form in FORMS)


def test_another_process_and_another_taste_draw_the_same_bytes(tmp_path: Path) -> None:
    """Given other settings of matplotlib, other hashes and another day; then no byte differs."""
    (tmp_path / "matplotlibrc").write_text("font.size: 22\naxes.facecolor: red\nsvg.fonttype: none\n")
    program = "from tests.scoring.figures.test_figures import digests; print(digests())"
    elsewhere = os.environ | {"MPLCONFIGDIR": str(tmp_path), "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "86400"}
    done = subprocess.run([sys.executable, "-c", program], env=elsewhere, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digests()


def test_drawing_leaves_the_settings_of_others_alone() -> None:
    before = dict(matplotlib.rcParams)
    FIGURES["confusion"]()
    assert dict(matplotlib.rcParams) == before


def test_every_pair_is_a_point() -> None:
    for draw in (bland_altman_plot, identity_scatter):
        assert points(draw(TRUTH, SAID)) == len(TRUTH)
        assert points(draw(TRUTH[:3], SAID[:3])) == 3


def test_scores_that_are_all_equal_can_be_drawn() -> None:
    for draw in (bland_altman_plot, identity_scatter):
        assert draw([4, 4, 4], [4, 4, 4], form="png")
    assert change_probability_plot({"arm": [0]}, form="png")


def test_other_data_give_another_figure() -> None:
    assert confusion_matrix([0, 1], [0, 1], GRADES) != confusion_matrix([0, 1], [1, 0], GRADES)
    assert change_probability_plot({"arm": [0, 4]}) != change_probability_plot({"arm": [0, 5]})
    assert reliability_diagram([0, 1], [0.2, 0.8]) != reliability_diagram([1, 0], [0.2, 0.8])


def test_a_dollar_in_a_name_is_a_dollar() -> None:
    assert identity_scatter(TRUTH, SAID, said_name="reader $x_1", form="png")


def test_what_cannot_be_drawn_is_refused_as_the_measures_refuse_it() -> None:
    with pytest.raises(AgreementError, match="unknown"):
        identity_scatter([1, float("nan")], [1, 2])
    with pytest.raises(UndefinedMeasureError, match="2 or more rows"):
        bland_altman_plot([1], [1])
    with pytest.raises(AgreementError, match="3 is not a whole grade from 0 to 2"):
        confusion_matrix([0, 3], [0, 1], GRADES)
    with pytest.raises(AgreementError, match="names of its grades"):
        confusion_matrix([0], [0], [])
    with pytest.raises(AgreementError, match="got none"):
        change_probability_plot({})
    with pytest.raises(UndefinedMeasureError):
        change_probability_plot({"arm": []})
