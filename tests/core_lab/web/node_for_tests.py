"""A node's ledger and store filled as the node itself would: real phantoms, real results, real rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO

from dicom_node.content_store import ContentStore
from dicom_node.ledger.tables import DeliveryRow, InstanceRow, JobRow, ObjectRow, ResultRow, StudyRow
from dicom_node.ledger.timeline import change_state, record
from dicom_node.peers import Peer
from dicom_node.settings import NodeSection, NodeSettings, WebSection
from scoring.catalogue import find_spec
from scoring.coded_concept import CodedConcept
from scoring.phantoms.as_dicom import hand_dataset
from scoring.phantoms.hand import HandPhantom, draw_hand
from scoring.result import (
    Engine,
    HandRegion,
    Heatmap,
    ImageUse,
    NotEvaluable,
    ScoreItem,
    ScoreResult,
    ScoreTotal,
    WeightUse,
)
from scoring.score_rules.sharp_van_der_heijde import SIDES, Grade, Side, subtotals
from scoring.stored_array import array_bytes
from tests.dicom_node.ledger.ledgers import new_ledger

STATEMENT: Final = "demonstration weights; disease grades learnt on synthetic images only; for research use only"
RECEIVED: Final = 1_763_640_000.0
PATIENT_NAME: Final = "Unmistakable^Name"
WEIGHTS: Final = (
    WeightUse("hand_joint_localiser", "localiser.safetensors", "1f" * 32, "CC-BY-NC-4.0", "240 boxed hands", True),
    WeightUse("joint_grader", "joint_grader.safetensors", "2e" * 32, "Apache-2.0", "phantoms only", True),
)


@dataclass(frozen=True)
class HandImage:
    """One phantom as it was received."""

    phantom: HandPhantom
    dataset: Dataset
    content_sha256: str

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return str(self.dataset.SOPInstanceUID)


class NodeForTests:
    """One node below a folder, with a free web port."""

    def __init__(self, folder: Path, web_port: int = 8080) -> None:
        self.settings = NodeSettings(
            node=NodeSection(data_dir=folder),
            web=WebSection(port=web_port),
            peers=(Peer("pacs", "ORTHANC", "127.0.0.1", 4242, may_send=True, receives_results=True),),
        )
        self.store = ContentStore(folder)
        self.ledger = new_ledger(folder)

    def receive(self, study_uid: str, datasets: Sequence[Dataset], at: float = RECEIVED) -> list[str]:
        """Keep instances as the inbox does; the SHA-256 of each data set."""
        digests = []
        with self.ledger.write() as session:
            study = StudyRow(
                study_instance_uid=study_uid,
                state="receiving",
                first_received_at=at,
                last_received_at=at + 1,
                updated_at=at,
                reasons=[],
            )
            session.add(study)
            record(session, study_uid, "listener", "receiving", f"{len(datasets)} instance(s) from ORTHANC")
            for dataset in datasets:
                digests.append(self._keep(dataset))
                session.add(
                    InstanceRow(
                        sop_instance_uid=dataset.SOPInstanceUID,
                        sop_class_uid=dataset.SOPClassUID,
                        study_instance_uid=study_uid,
                        series_instance_uid=dataset.SeriesInstanceUID,
                        transfer_syntax_uid=dataset.file_meta.TransferSyntaxUID,
                        content_sha256=digests[-1],
                        bytes=1000,
                        calling_ae_title="ORTHANC",
                        received_at=at,
                    )
                )
        return digests

    def move(self, study_uid: str, *steps: tuple[str, str], reasons: Sequence[dict[str, str]] | None = None) -> None:
        """Change the state step by step: (state, text for the timeline)."""
        with self.ledger.write() as session:
            study = session.get_one(StudyRow, study_uid)
            for state, text in steps:
                change_state(session, study, state, "node", text, reasons if state == steps[-1][0] else None)

    def keep_result(self, result: ScoreResult, arrays: Mapping[str, bytes] | None = None) -> None:
        """A stored result with its job and its heatmaps' arrays."""
        for content in (arrays or {}).values():
            self.store.put(content)
        with self.ledger.write() as session:
            uid = result.study_instance_uid
            job = JobRow(
                id=f"job-{uid[-20:]}",
                kind="score",
                key=f"score:{uid}",
                study_instance_uid=uid,
                state="done",
                subject={"system": result.system},
                created_at=RECEIVED,
                updated_at=RECEIVED,
            )
            session.add(job)
            session.flush()
            session.add(
                ResultRow(
                    digest=result.digest,
                    study_instance_uid=uid,
                    system=result.system,
                    weights_digest=result.weights_digest,
                    job_id=job.id,
                    evaluable=result.not_evaluable is None,
                    current=True,
                    content=result.to_json(),
                    created_at=RECEIVED,
                )
            )

    def keep_object(
        self, result: ScoreResult, sop_uid: str, sop_class: str, role: str, content: bytes, sent_at: float | None
    ) -> None:
        """An object written from the result, and its delivery to the PACS."""
        with self.ledger.write() as session:
            position = len(sop_uid)
            session.add(
                ObjectRow(
                    sop_instance_uid=sop_uid,
                    sop_class_uid=sop_class,
                    series_instance_uid=f"{sop_uid}.1",
                    result_digest=result.digest,
                    form="comprehensive",
                    role=role,
                    position=position,
                    content_sha256=self.store.put(content),
                    created_at=RECEIVED,
                )
            )
            session.flush()
            session.add(
                DeliveryRow(
                    job_id=f"job-{result.study_instance_uid[-20:]}",
                    destination="pacs",
                    sop_instance_uid=sop_uid,
                    state="waiting" if sent_at is None else "sent",
                    status=None if sent_at is None else 0,
                    committed=sent_at is not None,
                    attempts=1,
                    updated_at=sent_at or RECEIVED,
                )
            )

    def _keep(self, dataset: Dataset) -> str:
        whole = DicomBytesIO()
        dcmwrite(whole, dataset, enforce_file_format=True)
        content = whole.getvalue()
        head = 144 + int.from_bytes(content[140:144], "little")  # preamble, DICM, group length element, group 2
        writer = self.store.open_instance(content[:head])
        writer.write(content[head:])
        return writer.finish()


def hand_study(
    node: NodeForTests, uid: str, seed: int, spacing_mm: float = 0.6, severity: float = 0.5, **header: str
) -> list[HandImage]:
    """Receive a right and a left hand of one phantom patient; ``header``: attributes by keyword."""
    trial = {k: v for k, v in header.items() if k.startswith("ClinicalTrial")}
    phantoms = [draw_hand(seed, side=s, severity=severity, spacing_mm=spacing_mm, grows=False) for s in SIDES]
    datasets = []
    for number, phantom in enumerate(phantoms, start=1):
        dataset = hand_dataset(
            phantom.pixels,
            phantom.spacing_mm,
            phantom.side,
            seed,
            study_instance_uid=uid,
            instance_number=number,
            trial=trial,
        )
        dataset.PatientName = PATIENT_NAME
        for keyword, value in header.items():
            setattr(dataset, keyword, value)
        datasets.append(dataset)
    digests = node.receive(uid, datasets)
    return [HandImage(*each) for each in zip(phantoms, datasets, digests, strict=True)]


def truth_result(
    uid: str, images: Sequence[HandImage], gaps: Sequence[tuple[Side, str]] = ()
) -> tuple[ScoreResult, dict[str, bytes]]:
    """The result of a reader who is always right, with heat on every damaged joint; ``gaps``: sites not scored."""
    spec = find_spec("hand_joints")
    items: list[ScoreItem] = []
    for image in images:
        for site in spec.sites:
            items += [_item(image, site.key, key, (image.phantom.side, site.key) in gaps) for key in site.items]
    heatmaps, arrays = [], {}
    for image in images:
        digest, content = array_bytes(_heat(image.phantom))
        heatmaps.append(Heatmap(image.uid, digest, "Grad-CAM", "expected erosion and narrowing"))
        arrays[digest] = content
    result = _bare_result(uid, images)
    return replace(
        result,
        items=tuple(items),
        totals=_totals(items),
        heatmaps=tuple(heatmaps),
        hands=tuple(
            HandRegion(i.uid, i.phantom.side, (0.0, 0.0, *map(float, i.phantom.pixels.shape[::-1])), 1.0)
            for i in images
        ),
    ), arrays


def refused_result(uid: str, images: Sequence[HandImage]) -> ScoreResult:
    """Not evaluable: no hand was found."""
    reason = find_spec("hand_joints").reasons["no_hand"]
    why = NotEvaluable(reason, "No hand was found on the only image of the study.")
    return replace(_bare_result(uid, images), not_evaluable=why)


def _bare_result(uid: str, images: Sequence[HandImage]) -> ScoreResult:
    spec = find_spec("hand_joints")
    return ScoreResult(
        system=spec.key,
        system_version=spec.version,
        kind="network",
        preprocessing_version="1",
        weights=WEIGHTS,
        weights_digest="c0ffee" + "5a" * 29,
        statement=STATEMENT,
        engine=Engine("rheumascore 0.1.0", ("torch 2.13.0",), "cpu x86_64"),
        study_instance_uid=uid,
        images=tuple(
            ImageUse(
                sop_instance_uid=i.uid,
                sop_class_uid=str(i.dataset.SOPClassUID),
                series_instance_uid=str(i.dataset.SeriesInstanceUID),
                study_instance_uid=uid,
                content_sha256=i.content_sha256,
                rows=i.dataset.Rows,
                columns=i.dataset.Columns,
                used=True,
                rule="one_frontal_per_side",
                explanation="the only frontal view of this side",
            )
            for i in images
        ),
        items=(),
        totals=(),
        missing_site_rule="none",
        quality=CodedConcept("RID12", "RADLEX", "Diagnostic quality"),
        scored_at="2025-11-20T12:00:03Z",
    )


def _item(image: HandImage, site: str, key: str, gap: bool) -> ScoreItem:
    phantom = image.phantom
    x, y = map(float, phantom.centres[site])
    half = 5.5 / phantom.spacing_mm
    box = (x - half, y - half, x + half, y + half)
    uid = image.uid
    if gap:
        reason = find_spec("hand_joints").reasons["outside_image"]
        return ScoreItem(site, key, "not_assessable", phantom.side, reason=reason, image=uid, region=box)
    grade = int(phantom.grades.get((site, key), 0))  # type: ignore[arg-type]  # the keys are those of the rule
    value = min(grade + 0.137, float(find_spec("hand_joints").item(key).highest))
    return ScoreItem(site, key, "scored", phantom.side, value=value, grade=grade, certainty=0.8, image=uid, region=box)


def _totals(items: Sequence[ScoreItem]) -> tuple[ScoreTotal, ...]:
    spec = find_spec("hand_joints")
    grades = [Grade(i.side, i.site, i.item, i.value, i.grade) for i in items if i.grade is not None]  # type: ignore
    totals = []
    for row in subtotals(grades):
        total = spec.total(row.key)
        incomplete = total.side is None and not row.complete
        totals.append(
            ScoreTotal(
                row.key,
                total.side,
                None if incomplete else row.expected,
                None if incomplete else row.grade,
                row.assessed,
                row.planned,
                float(total.highest),
                spec.reasons["incomplete"] if incomplete else None,
            )
        )
    return tuple(totals)


def _heat(phantom: HandPhantom) -> np.ndarray:  # type: ignore[type-arg]
    rows, columns = (n // 6 for n in phantom.pixels.shape)
    y, x = np.mgrid[:rows, :columns]
    heat = np.zeros((rows, columns))
    for (site, _), grade in phantom.grades.items():
        cx, cy = phantom.centres[site]
        spread = 3.2 / phantom.spacing_mm / 6
        heat = np.maximum(heat, grade / 5 * np.exp(-((x - cx / 6) ** 2 + (y - cy / 6) ** 2) / spread**2))
    return np.rint(255 * heat / max(heat.max(), 1e-9)).astype(np.uint8)
