"""The ledger: the truth about every instance, study, job, result and delivery. The queue is only a hint.

Times are UTC seconds since 1970 (float): leases compare them, pages print them. Every state change also writes a
row of ``timeline``. Keys that must be unique are unique here, so that a repeat is harmless whoever makes it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class LedgerTable(DeclarativeBase):
    """Base of all tables; alembic's migrations are compared with it in a test."""

    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012  # SQLAlchemy reads the class attribute


class InstanceRow(LedgerTable):
    """One received instance: the bytes that arrived under one SOP Instance UID. Other bytes are another row."""

    __tablename__ = "instances"
    __table_args__ = (
        UniqueConstraint("sop_instance_uid", "content_sha256"),
        Index("instances_study", "study_instance_uid"),
        Index("instances_content", "content_sha256"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    sop_instance_uid: Mapped[str] = mapped_column(String(64))
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    study_instance_uid: Mapped[str] = mapped_column(String(64))
    series_instance_uid: Mapped[str] = mapped_column(String(64))
    transfer_syntax_uid: Mapped[str] = mapped_column(String(64))
    content_sha256: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the data set's bytes as received, without the file's preamble and meta header."""
    bytes: Mapped[int]
    calling_ae_title: Mapped[str] = mapped_column(String(16))
    received_at: Mapped[float] = mapped_column(Float)


class StudyRow(LedgerTable):
    """One study and its state (docs/journey_of_a_study.md): receiving, complete, scoring, scored, held, delivering,
    delivered, not_evaluable, no_system, failed."""

    __tablename__ = "studies"
    __table_args__ = (
        Index("studies_state", "state", "last_received_at"),
        Index("studies_updated", "state", "updated_at"),
    )

    study_instance_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    round: Mapped[int] = mapped_column(Integer, default=1)
    """Counts how often the study was closed: a late image opens the next round."""
    forced: Mapped[bool] = mapped_column(default=False)
    first_received_at: Mapped[float] = mapped_column(Float)
    """Of the present round: the longest wait counts from here."""
    last_received_at: Mapped[float] = mapped_column(Float)
    completed_at: Mapped[float | None] = mapped_column(Float)
    updated_at: Mapped[float] = mapped_column(Float)
    reasons: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """[{code, text, system}]: why it is where it is."""


class JobRow(LedgerTable):
    """One piece of work: ``score``, ``report``, ``deliver``, ``commit``, ``find``. A lease says who does it."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("jobs_ready", "state", "run_after"),
        Index("jobs_study", "study_instance_uid"),
        Index("jobs_destination", "destination", "state"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """Derived from what the job is about: the same work twice is the same row."""
    study_instance_uid: Mapped[str] = mapped_column(String(64))
    subject: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What to work on: ids and digests only."""
    destination: Mapped[str | None] = mapped_column(String(64))
    """The one destination that the work needs; None when it is done inside the house."""
    urgency: Mapped[int] = mapped_column(Integer, default=0)
    """The greater goes first (``due_jobs``)."""
    state: Mapped[str] = mapped_column(String(16))
    """waiting, leased, done, held (a person or a rule releases it), parked (given up, a person looks); replaced (the
    destination needs another form), superseded (a later result stands), skipped (the destination does not offer it):
    ended without being done."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    """Leases that ended in a crash or an unforeseen error, and the present one: they bring it to a person."""
    postponed: Mapped[int] = mapped_column(Integer, default=0)
    """Transient failures in a row: each waits longer, none gives up."""
    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[float | None] = mapped_column(Float)
    fencing: Mapped[int] = mapped_column(Integer, default=0)
    """Grows with every lease; a write with an older number is refused."""
    run_after: Mapped[float] = mapped_column(Float, default=0.0)
    hinted_at: Mapped[float | None] = mapped_column(Float)
    """When the queue was last told about it."""
    error_code: Mapped[str | None] = mapped_column(String(16))
    error_text: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float)
    updated_at: Mapped[float] = mapped_column(Float)


class ResultRow(LedgerTable):
    """One stored ScoreResult. At most one is current for a study and system."""

    __tablename__ = "results"
    __table_args__ = (Index("results_study", "study_instance_uid"), Index("results_subject", "subject", "system"))

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    study_instance_uid: Mapped[str] = mapped_column(String(64))
    system: Mapped[str] = mapped_column(String(64))
    weights_digest: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), unique=True)
    evaluable: Mapped[bool]
    current: Mapped[bool] = mapped_column(default=True)
    withdraws: Mapped[bool] = mapped_column(default=False)
    """It takes the one before it back."""
    subject: Mapped[str | None] = mapped_column(String(64))
    """Whose images they are, as a hash (``sr_templates.uids.subject_uid``); None when the header does not say."""
    study_date: Mapped[str] = mapped_column(String(8), default="")
    """YYYYMMDD; empty when the header does not say."""
    content: Mapped[str] = mapped_column(Text)
    """ScoreResult.to_json()."""
    created_at: Mapped[float] = mapped_column(Float)


class ResultArrayRow(LedgerTable):
    """One stored array that pictures of a result are drawn from; several results may need the same one."""

    __tablename__ = "result_arrays"
    __table_args__ = (Index("result_arrays_result", "result_digest"),)

    content_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    result_digest: Mapped[str] = mapped_column(ForeignKey("results.digest"), primary_key=True)


class ObjectRow(LedgerTable):
    """One DICOM object written from a result, its bytes in the content store."""

    __tablename__ = "objects"
    __table_args__ = (Index("objects_result", "result_digest", "form"), Index("objects_content", "content_sha256"))

    sop_instance_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    series_instance_uid: Mapped[str] = mapped_column(String(64))
    result_digest: Mapped[str] = mapped_column(ForeignKey("results.digest"))
    form: Mapped[str] = mapped_column(String(32))
    """The document form; empty for what is the same object in every form."""
    role: Mapped[str] = mapped_column(String(16))
    position: Mapped[int]
    """Sending order within the result: pictures first, the report last."""
    content_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float] = mapped_column(Float)


class DeliveryRow(LedgerTable):
    """One object to one destination: waiting, sent, failed (a person looks), held; replaced and superseded as their
    job; skipped (the destination does not take it, and the report says the same)."""

    __tablename__ = "deliveries"
    __table_args__ = (UniqueConstraint("destination", "sop_instance_uid"), Index("deliveries_job", "job_id"))

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    destination: Mapped[str] = mapped_column(String(64))
    sop_instance_uid: Mapped[str] = mapped_column(ForeignKey("objects.sop_instance_uid"))
    state: Mapped[str] = mapped_column(String(16))
    status: Mapped[int | None]
    """The last C-STORE status; None: never answered."""
    may_be_there: Mapped[bool] = mapped_column(default=False)
    """The destination has it, or an attempt was made of which nobody knows how it ended."""
    committed: Mapped[bool] = mapped_column(default=False)
    """The destination took responsibility for it (PS3.4 Annex J)."""
    commit_failure: Mapped[int | None]
    """The last Failure Reason of storage commitment; None: none was given since it was sent."""
    commit_resends: Mapped[int] = mapped_column(Integer, default=0)
    """How often it was sent again because it was not committed, since a person last looked."""
    seen_at: Mapped[float | None] = mapped_column(Float)
    """When a query of ours (C-FIND) found it there; None: it was not looked for, or not found."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    updated_at: Mapped[float] = mapped_column(Float)


class CommitmentRow(LedgerTable):
    """One request for storage commitment; its report may come at any time, to any process."""

    __tablename__ = "commitments"

    transaction_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    study_instance_uid: Mapped[str] = mapped_column(String(64))
    destination: Mapped[str] = mapped_column(String(64))
    sop_instance_uids: Mapped[list[Any]] = mapped_column(JSON)
    asked_at: Mapped[float] = mapped_column(Float)
    answered_at: Mapped[float | None] = mapped_column(Float)


class DestinationRow(LedgerTable):
    """A destination that could not be reached at some time: how often in a row, and when it is asked again."""

    __tablename__ = "destinations"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    """In a row; 0 since it last answered."""
    ask_after: Mapped[float] = mapped_column(Float)
    away_since: Mapped[float | None] = mapped_column(Float)
    """None: it answers."""
    error_code: Mapped[str | None] = mapped_column(String(16))
    error_text: Mapped[str | None] = mapped_column(Text)


class AcceptedFormRow(LedgerTable):
    """What a destination was seen to take, and the form that therefore goes there. Other settings make it void."""

    __tablename__ = "accepted_forms"

    destination: Mapped[str] = mapped_column(String(64), primary_key=True)
    address: Mapped[str] = mapped_column(String(300))
    """AE title, host and port to which this applies."""
    wanted: Mapped[str] = mapped_column(String(32))
    form: Mapped[str] = mapped_column(String(32))
    accepted: Mapped[list[Any]] = mapped_column(JSON)
    """Every form that it takes, from the wanted one on."""
    seen_at: Mapped[float] = mapped_column(Float)


class RemovalRow(LedgerTable):
    """One content that a study does not need any more, as ``[retention]`` says. Its name stays in the ledger."""

    __tablename__ = "removals"
    __table_args__ = (Index("removals_study", "study_instance_uid", "place"), Index("removals_state", "state"))

    place: Mapped[str] = mapped_column(String(16), primary_key=True)
    """instances or content: the folder of the content store."""
    content_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    study_instance_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    """decided (the file may still be there), gone, shared (another study needs it)."""
    decided_at: Mapped[float] = mapped_column(Float)


class AlertRow(LedgerTable):
    """One matter that waits for a person, and when it was told on one channel."""

    __tablename__ = "alerts"

    matter: Mapped[str] = mapped_column(String(160), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    """email or webhook."""
    since: Mapped[float] = mapped_column(Float)
    told_at: Mapped[float | None] = mapped_column(Float)
    gone_at: Mapped[float | None] = mapped_column(Float)
    """When it was last seen to be settled; None while it stands."""


class TimelineRow(LedgerTable):
    """The audit trail: when, who, what, why, of every study and of who was turned away. Rows are only ever added."""

    __tablename__ = "timeline"
    __table_args__ = (Index("timeline_study", "study_instance_uid", "id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[float] = mapped_column(Float)
    study_instance_uid: Mapped[str | None] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(80))
    event: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    hash: Mapped[str] = mapped_column(String(64))
    """Over this row and the hash of the one before (``audit_trail``)."""
