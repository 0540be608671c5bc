"""Photograph our objects in viewers that others make: OHIF, Orthanc Explorer, Orthanc's web viewer.

Runs the demonstration, opens its archive again with the DICOMweb plugin, and drives Chromium. Nothing is drawn over or
cropped. Needs beside the development environment: the Debian packages orthanc, orthanc-dicomweb, orthanc-webviewer and
chromium, and the published build of OHIF, which is not part of any install of ours::

    npm pack @ohif/app@3.13.2 && tar xzf ohif-app-3.13.2.tgz
    .venv/bin/python -m docs.make_viewer_pictures package/dist
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydicom import dcmread
from sqlalchemy import select

from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import ResultRow
from dicom_node.withdrawal import withdrawing
from docs.ohif_site import ohif_site
from scoring.catalogue import find_spec
from scoring.result import PriorObject, ScoreResult
from sr_templates.result_objects import write_result_objects
from sr_templates.writing import SourceImage
from tests.foreign_programs.chromium import Chromium
from tests.foreign_programs.orthanc import Orthanc
from tests.foreign_programs.programs import wait_until

PICTURES: Final = Path(__file__).parent / "pictures"
PLUGINS: Final = Path("/usr/share/orthanc/plugins")
_SOFTWARE_WEBGL: Final = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_WINDOW: Final = (1500, 900)
_MIDDLE: Final = (875.0, 470.0)
_DRAWING_SECONDS: Final = 6.0
"""OHIF does not say when it has drawn."""
_QUALITY: Final = 80


def main() -> None:
    """Make every picture; a viewer that complains in its console is told of."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ohif", type=Path, help="the dist folder of the unpacked package @ohif/app")
    parser.add_argument("--plugins", type=Path, default=PLUGINS, help="folder of Orthanc's plugins")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        archive = stack.enter_context(demonstration_archive(folder, arguments.plugins))
        address = stack.enter_context(ohif_site(arguments.ohif, archive.http_port))
        browser = stack.enter_context(Chromium(folder / "profile", _SOFTWARE_WEBGL))
        browser.size(*_WINDOW)
        pair, knee = (study_of(archive, patient) for patient in ("PHANTOM-2026", "FRACATLAS-3309"))
        photograph_orthanc(browser, archive, pair)
        photograph_ohif(browser, address, pair)
        open_in_ohif(browser, address, knee, "SVDH pictures")
        save(browser, "ohif_not_evaluable")
        hand = study_of(archive, "FRACATLAS-3310")
        withdraw(archive, hand, folder / "demo")
        open_in_ohif(browser, address, hand, "SVDH pictures")
        if browser.value("document.body.innerText.includes('(1/')"):  # the series of before, which has several pictures
            browser.click(place_of(browser, "SVDH pictures", which=-1), times=2)
            time.sleep(_DRAWING_SECONDS)
        save(browser, "ohif_withdrawn")
        for complaint in browser.complaints:
            sys.stderr.write(f"the viewer complained: {complaint}\n")


@contextmanager
def demonstration_archive(folder: Path, plugins: Path) -> Iterator[Orthanc]:
    """The archive as the demonstration left it, opened again with its web plugins."""
    subprocess.run([sys.executable, "-m", "scoring.cli", "demo", "--once", "--keep", str(folder / "demo")], check=True)
    storage = folder / "demo" / "pacs" / "storage"
    names = ("libOrthancDicomWeb.so", "libOrthancWebViewer.so")
    with Orthanc(
        folder / "orthanc",
        StorageDirectory=str(storage),
        IndexDirectory=str(storage),
        Plugins=[str(plugins / name) for name in names],
        DicomWeb={"Enable": True, "Root": "/dicom-web/", "EnableWado": True, "WadoRoot": "/wado"},
    ) as archive:
        yield archive


def study_of(archive: Orthanc, patient_id: str) -> dict[str, Any]:
    """The one study of a patient of the demonstration."""
    [study] = archive.studies(PatientID=patient_id)
    return study


def withdraw(archive: Orthanc, study: dict[str, Any], demonstration: Path) -> None:
    """Take the result of a study back, as ``rheumascore withdraw`` does, and bring what is written to the archive."""
    uid = study["MainDicomTags"]["StudyInstanceUID"]
    with Ledger(f"sqlite:///{demonstration / 'data' / 'ledger.sqlite3'}").read() as session:
        content = session.scalars(select(ResultRow.content).where(ResultRow.study_instance_uid == uid)).one()
    former = ScoreResult.from_json(content)
    reports = [
        archive.tags(i) for s in archive.find("Series", StudyInstanceUID=uid, Modality="SR") for i in s["Instances"]
    ]
    objects = [
        PriorObject("report", "comprehensive", r["SOPClassUID"], r["SOPInstanceUID"], r["SeriesInstanceUID"])
        for r in reports
    ]
    result = withdrawing(former, "The film is of another patient.", datetime.now(UTC))
    result = result.succeeding(former.as_prior(tuple(objects)))
    [source] = [i for s in archive.find("Series", StudyInstanceUID=uid, Modality="RG") for i in s["Instances"]]
    header = dcmread(io.BytesIO(archive.file(source)), stop_before_pixels=True)
    sources = {str(header.SOPInstanceUID): SourceImage(header, np.zeros((0, 0), np.float32))}
    written = write_result_objects(result, find_spec(result.system), sources, {}, "comprehensive")
    for one in written.objects:
        archive.post("/instances", one.content)


def photograph_orthanc(browser: Chromium, archive: Orthanc, study: dict[str, Any]) -> None:
    """Orthanc Explorer's page of the study, and the heatmap in its web viewer."""
    site = f"http://127.0.0.1:{archive.http_port}"
    browser.open(f"{site}/app/explorer.html#study?uuid={study['ID']}")
    browser.wait_for("document.body.innerText.includes('SVDH report')")
    save(browser, "orthanc_explorer")
    uid = study["MainDicomTags"]["StudyInstanceUID"]
    [pictures] = archive.find("Series", StudyInstanceUID=uid, SeriesNumber="9002")
    browser.open(f"{site}/web-viewer/app/viewer.html?series={pictures['ID']}")
    time.sleep(_DRAWING_SECONDS)
    save(browser, "orthanc_web_viewer")


def photograph_ohif(browser: Chromium, address: str, study: dict[str, Any]) -> None:
    """Heatmap and report page as two images of one series; the report as it opens, and enlarged."""
    open_in_ohif(browser, address, study, "SVDH pictures")
    save(browser, "ohif_heatmap")
    for _ in range(2):
        browser.turn_wheel(_MIDDLE, 100)
        time.sleep(1)
    browser.wait_for("document.body.innerText.includes('(3/3)')")
    time.sleep(_DRAWING_SECONDS)
    save(browser, "ohif_report_page")
    open_in_ohif(browser, address, study, "SVDH report")
    browser.wait_for("document.body.innerText.includes('Certainty of Finding')")
    browser.click(place_of(browser, "No"))
    time.sleep(1)
    save(browser, "ohif_report")
    browser.click(_MIDDLE)
    for _ in range(9):
        browser.press("+")
    time.sleep(_DRAWING_SECONDS)
    save(browser, "ohif_report_enlarged")


def open_in_ohif(browser: Chromium, address: str, study: dict[str, Any], series: str) -> None:
    """Open a study and bring one series, known by the beginning of its description, into the viewport."""
    browser.open(f"{address}/viewer?StudyInstanceUIDs={study['MainDicomTags']['StudyInstanceUID']}")
    browser.wait_for(f"document.body.innerText.includes({json.dumps(series)})")
    time.sleep(_DRAWING_SECONDS)
    if browser.value("document.body.innerText.includes('Skip all')"):  # the tour of a first visit
        browser.click(place_of(browser, "Skip all"))
        time.sleep(1)
    browser.click(place_of(browser, series), times=2)
    time.sleep(_DRAWING_SECONDS)


def place_of(browser: Chromium, text: str, which: int = 0) -> tuple[float, float]:
    """The middle of a visible element whose text begins so; ``which`` of several."""
    script = """(() => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const places = [];
      for (let text; (text = texts.nextNode()); ) {
        const box = text.parentElement.getBoundingClientRect();
        if (text.textContent.trim().startsWith(WORDS) && box.width) {
          places.push([box.x + box.width / 2, box.y + box.height / 2]);
        }
      }
      return places;
    })()""".replace("WORDS", json.dumps(text))
    x, y = wait_until(f"{text} is on the page", lambda: browser.value(script))[which]
    return float(x), float(y)


def save(browser: Chromium, name: str) -> None:
    """Keep what is seen."""
    path = PICTURES / f"{name}.jpg"
    browser.screenshot().save(path, quality=_QUALITY, optimize=True)
    sys.stdout.write(f"{path.relative_to(PICTURES.parents[1])} {path.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
