"""What it costs to write a result as DICOM objects: processor time of each step and size of each object.

    python -m benchmarks.results_writing [-n 15]

Run in the folder of the repository: the result is the one that the tests write. Report: both hands on two films, every
site graded. The same groups are written by highdicom in the same run, alternating with ours. Pictures: one film of
2500 x 2000 with grain. Every figure is the median of N after one round that is not counted.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar, get_args

import numpy as np
from PIL import Image
from pydicom import config, dcmread
from pydicom.dataset import Dataset

from benchmarks.report_by_highdicom import read_groups, write_groups
from scoring.phantoms.hand import draw_hand
from scoring.result import Box
from sr_templates.document_forms import LADDER, DocumentForm, Extra
from sr_templates.iod_check import refuse_invalid_object
from sr_templates.measurement_groups import Illustrations
from sr_templates.measurement_report import measurement_report
from sr_templates.picture_compression import jpeg2000_lossless
from sr_templates.production_modules import part10_file
from sr_templates.result_objects import ResultObjects, write_result_objects
from sr_templates.text_report import text_report
from sr_templates.writing import SourceImage
from tests.sr_templates import results_for_tests as results
from tests.sr_templates.results_for_tests import ResultForTests

ROWS, COLUMNS = 2500, 2000
T = TypeVar("T")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=15, help="rounds")
    rounds = parser.parse_args().n
    with config.disable_value_validation():  # as the node writes
        print_reports(results.two_hands(), rounds)
        print_pictures(one_large_film(), rounds)
    load = os.getloadavg()[0]
    print(f"{processor()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}")


def print_reports(made: ResultForTests, rounds: int) -> None:
    """Each form, step by step; then the peer."""
    count = len({(item.side, item.site) for item in made.result.items})
    print(f"report: {count} sites, {len(made.result.items)} grades; processor time in ms, size in kB")
    print(f"{'':<22}{'build':>8}{'check':>8}{'write':>8}{'all':>8}{'size':>8}")
    for form in LADDER[:-1]:
        steps = [report_steps(made, form) for _ in range(rounds + 1)][1:]
        build, check, write = (median(step[n] for step in steps) for n in range(3))
        whole, size = median(sum(step[:3]) for step in steps), steps[0][3]
        print(f"{form:<22}{ms(build)}{ms(check)}{ms(write)}{ms(whole)}{kb(size)}")
    print_peer(made, rounds)


def print_peer(made: ResultForTests, rounds: int) -> None:
    """highdicom writes the groups of our report; each round times ours and its."""
    report = dcmread(io.BytesIO(report_file(made, "comprehensive")))
    groups, evidence = read_groups(report), [evidence_of(source) for source in made.sources.values()]
    pairs = []
    for _ in range(rounds + 1):
        _, ours = timed(lambda: report_file(made, "comprehensive"))
        content, theirs = timed(lambda: write_groups(groups, evidence))
        pairs.append((ours, theirs))
    theirs = median(pair[1] for pair in pairs[1:])
    ratio = median(pair[1] / pair[0] for pair in pairs[1:])
    print(f"{'highdicom':<22}{'':>24}{ms(theirs)}{kb(len(content))}   {len(groups)} groups, {ratio:.0f} times ours")


def report_steps(made: ResultForTests, form: DocumentForm) -> tuple[float, float, float, int]:
    """Seconds to build, check and write, and the size of the file."""
    report, build = timed(lambda: built(made, form))
    _, check = timed(lambda: refuse_invalid_object(report))
    content, write = timed(lambda: part10_file(report))
    return build, check, write, len(content)


def built(made: ResultForTests, form: DocumentForm) -> Dataset:
    """The report as a dataset, linked to pictures that are not drawn here."""
    headers = {uid: source.header for uid, source in made.sources.items()}
    home = next(iter(headers.values()))
    links = Illustrations({uid: f"2.25.{number}" for number, uid in enumerate(headers, start=900)}, "2.25.999")
    if form == "basic_text":
        return text_report(made.result, made.spec, home, links)
    return measurement_report(made.result, made.spec, headers, home, links, form)


def report_file(made: ResultForTests, form: DocumentForm) -> bytes:
    """The checked report as a file."""
    report = built(made, form)
    refuse_invalid_object(report)
    return part10_file(report)


def evidence_of(source: SourceImage) -> Dataset:
    """A source with what highdicom's image library needs."""
    header = source.header
    header.ImagerPixelSpacing = [0.1, 0.1]
    return header


def print_pictures(made: ResultForTests, rounds: int) -> None:
    """Heatmap and report page together, each compressed, and what each extra adds.

    Places are moved by a pixel from round to round: labels are placed afresh, as for any new result.
    """
    places = itertools.count()
    print(f"\npictures of one film of {ROWS} x {COLUMNS}; processor time in ms, size in kB")
    plain = pictures_timed(made, places, rounds)
    together = median(seconds for _, seconds in plain)
    print(f"{'heatmap, report page':<38}{ms(together)}")
    for one in plain[0][0].objects:
        print(f"{'  ' + one.role:<46}{kb(len(one.content))}")
        squeezed = [timed(partial(jpeg2000_lossless, one.content)) for _ in range(rounds + 1)][1:]
        print(f"{'  ' + one.role + ' in JPEG 2000':<38}{ms(median(s for _, s in squeezed))}{kb(len(squeezed[0][0]))}")
    for extra in get_args(Extra):
        more = pictures_timed(made, places, rounds, (extra,))
        size = sum(len(one.content) for one in more[0][0].objects if one.role == extra)
        print(f"{extra + ' adds':<38}{ms(median(s for _, s in more) - together)}{kb(size)}")


def pictures_timed(
    made: ResultForTests, places: Iterator[int], rounds: int, extras: Sequence[Extra] = ()
) -> list[tuple[ResultObjects, float]]:
    """The objects of each round without a report, and the seconds that they took."""
    done = []
    for by in itertools.islice(places, rounds + 1):
        one = nudged(made, by)
        written = partial(write_result_objects, one.result, one.spec, one.sources, one.arrays, "pictures", extras)
        done.append(timed(written))
    return done[1:]


def one_large_film() -> ResultForTests:
    """One hand, with its places moved to a film of ``ROWS`` by ``COLUMNS``."""
    made = results.one_hand()
    (use,) = made.result.images
    across, down = COLUMNS / use.columns, ROWS / use.rows

    def moved(box: Box) -> Box:
        return box[0] * across, box[1] * down, box[2] * across, box[3] * down

    header = made.sources[use.sop_instance_uid].header
    header.Rows, header.Columns = ROWS, COLUMNS
    hand = Image.fromarray(draw_hand(7, side="R", spacing_mm=0.2).pixels).resize((COLUMNS, ROWS))
    grain = np.random.default_rng(7).normal(0, 0.01, (ROWS, COLUMNS))
    pixels = np.clip(np.asarray(hand) + grain, 0, 1).astype(np.float32)
    result = replace(
        made.result,
        images=(replace(use, rows=ROWS, columns=COLUMNS),),
        items=tuple(replace(item, region=item.region and moved(item.region)) for item in made.result.items),
        hands=tuple(replace(hand, box=moved(hand.box)) for hand in made.result.hands),
    )
    return replace(made, result=result, sources={use.sop_instance_uid: SourceImage(header, pixels)})


def nudged(made: ResultForTests, by: int) -> ResultForTests:
    """The same with every site moved to the right by so many pixels."""

    def moved(box: Box) -> Box:
        return box[0] + by, box[1], box[2] + by, box[3]

    items = tuple(replace(item, region=item.region and moved(item.region)) for item in made.result.items)
    return replace(made, result=replace(made.result, items=items))


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work returns, and its processor time in seconds."""
    started = time.process_time()
    done = work()
    return done, time.process_time() - started


def ms(seconds: float) -> str:
    """Milliseconds in a column."""
    return f"{1000 * seconds:8.0f}"


def kb(size: int) -> str:
    """Kilobytes (1000 bytes) in a column."""
    return f"{size / 1000:8.0f}"


def processor() -> str:
    """Its name as Linux tells it, else its kind."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
