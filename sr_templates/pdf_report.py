"""The report to be printed: the table of grades and its sums on A4, then a page for each heatmap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PIL import Image

from scoring.result import ScoreResult
from scoring.spec import SystemSpec
from sr_templates.heatmap_legend import RESEARCH_STAMP, model_line
from sr_templates.observer_context import MANUFACTURER
from sr_templates.paper import BLACK, HEIGHT, MARGIN, QUIET, WARNING, WIDTH, Paper, jpeg, largest_size, width_of
from sr_templates.pdf_picture_pages import draw_picture_page, picture_pages
from sr_templates.pdf_score_pages import BOTTOM, TOP, draw_score_page, score_pages

_LONGEST_SIDE: Final = 1500
"""Pixels of a picture on paper: some 180 to the inch."""
_QUALITIES: Final = (92, 85, 75, 60, 45, 30)
_MOST_BYTES: Final = 850_000
"""All pictures together: the file stays below 1 MB."""

HeatmapPage = tuple[str, Image.Image]
"""Heading and picture."""


def pdf_report(result: ScoreResult, spec: SystemSpec, heatmaps: Sequence[HeatmapPage]) -> bytes:
    """The whole PDF, the same bytes for the same arguments. Nothing of the patient is on it."""
    made_by = f"{MANUFACTURER} {result.system} {result.system_version}"
    paper = Paper(spec.title, RESEARCH_STAMP.capitalize(), made_by, result.scored_at)
    tables = _table_pages(result, spec)
    pages = len(tables) + len(heatmaps)
    for number in range(pages):
        _draw_head(paper, spec)
        if number < len(tables):
            tables[number](paper)
        else:
            heading, picture = heatmaps[number - len(tables)]
            _draw_heatmap(paper, heading, *_small_jpeg(picture, _MOST_BYTES // len(heatmaps)))
        _draw_foot(paper, result, f"{number + 1} / {pages}")
        paper.next_page()
    return paper.content()


def _table_pages(result: ScoreResult, spec: SystemSpec) -> list[Callable[[Paper], None]]:
    """What draws each page of tables between its head and its foot."""
    if spec.per_picture:
        return [partial(draw_picture_page, result=result, spec=spec, page=page) for page in picture_pages(result, spec)]
    return [partial(draw_score_page, result=result, spec=spec, page=page) for page in score_pages(result, spec)]


def _draw_head(paper: Paper, spec: SystemSpec) -> None:
    stamp = 10.5
    room = WIDTH - 2 * MARGIN - width_of(RESEARCH_STAMP, stamp, bold=True) - 16
    size = largest_size(spec.title, (8.0, 15.0), room, bold=True)
    paper.write((MARGIN, 54), spec.title, size, BLACK, bold=True)
    paper.write((WIDTH - MARGIN, 54), RESEARCH_STAMP, stamp, WARNING, anchor="r", bold=True)
    paper.rule(62)


def _draw_foot(paper: Paper, result: ScoreResult, page: str) -> None:
    paper.rule(HEIGHT - 40)
    paper.write((MARGIN, HEIGHT - 28), model_line(result), 8, QUIET)
    paper.write((WIDTH - MARGIN, HEIGHT - 28), page, 8, QUIET, anchor="r")


def _draw_heatmap(paper: Paper, heading: str, content: bytes, size: tuple[int, int]) -> None:
    """The picture as large as it goes, in the middle of the page."""
    paper.write((MARGIN, TOP + 8), heading, 11, BLACK)
    top, room = TOP + 18, (WIDTH - 2 * MARGIN, BOTTOM - TOP - 18)
    scale = min(room[0] / size[0], room[1] / size[1])
    width, height = size[0] * scale, size[1] * scale
    left = (WIDTH - width) / 2
    paper.picture(content, (left, top, left + width, top + height))


def _small_jpeg(picture: Image.Image, room: int) -> tuple[bytes, tuple[int, int]]:
    """The picture in as good a quality as fits in so many bytes, and its size."""
    scale = min(1.0, _LONGEST_SIDE / max(picture.size))
    size = (round(picture.width * scale), round(picture.height * scale))
    small = picture.resize(size, Image.Resampling.LANCZOS) if scale < 1 else picture
    for quality in _QUALITIES:
        content = jpeg(small, quality)
        if len(content) <= room:
            return content, size
    return _small_jpeg(small.resize((size[0] * 2 // 3, size[1] * 2 // 3), Image.Resampling.LANCZOS), room)
