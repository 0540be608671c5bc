"""What lies in the PACS against what was written: every object that stands once, byte for byte, and no stranger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.soak.one_result_each import ResultAccount, Written
from benchmarks.soak.tally import Tally
from dicom_node.content_store import ContentStore
from dicom_node.delivery.part10_bytes import read_part10
from tests.foreign_programs.orthanc import Orthanc
from tests.judges.dicom3tools import iod_errors

_JUDGED: Final = 200
"""Reports that dciodvfy looks at; every n-th when there are more."""


def broken_deliveries(orthanc: Orthanc, store: ContentStore, account: ResultAccount, tally: Tally) -> Iterator[str]:
    """In words, whatever is missing in the PACS, there twice, there with other bytes, or not ours."""
    lying: Counter[str] = Counter()
    reports: list[bytes] = []
    for found in orthanc.instances():
        uid = str(found["MainDicomTags"]["SOPInstanceUID"])
        lying[uid] += 1
        written = account.written.get(uid)
        if written is None:
            yield f"doubled: the PACS has an object {uid} that no result names"
            continue
        content = orthanc.file(str(found["ID"]))
        if read_part10(content).data_set != read_part10(store.read(written.content_sha256)).data_set:
            yield f"changed: the PACS has other bytes of object {uid}"
        if written.role == "report":
            reports.append(content)
    yield from (f"doubled: the PACS has {n} of object {uid}" for uid, n in lying.items() if n > 1)
    stands = [one for one in account.written.values() if one.current]
    for one in stands:
        if not lying[one.sop_instance_uid]:
            yield f"lost: object {one.sop_instance_uid} is not in the PACS"
    yield from _more_than_one_report(stands)
    yield from _judged(reports[:: 1 + len(reports) // _JUDGED], tally)
    tally.count("at the end: objects in the PACS, compared byte for byte", lying.total())


def _more_than_one_report(stands: list[Written]) -> Iterator[str]:
    reports = Counter(one.study_instance_uid for one in stands if one.role == "report")
    yield from (f"doubled: study {uid} has {n} reports that stand" for uid, n in reports.items() if n > 1)


def _judged(reports: list[bytes], tally: Tally) -> Iterator[str]:
    """dciodvfy finds no error in them, whether they were written before a kill or after it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.dcm"
        for content in reports:
            path.write_bytes(content)
            yield from (f"dciodvfy: {error}" for error in iod_errors(path))
    tally.count("at the end: reports judged by dciodvfy", len(reports))
