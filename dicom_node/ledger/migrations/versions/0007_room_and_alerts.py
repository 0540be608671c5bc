"""What retention removed, which result needs which array, and what a person was told"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "removals",
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("place", "content_sha256", "study_instance_uid"),
    )
    op.create_index("removals_study", "removals", ["study_instance_uid", "place"])
    op.create_index("removals_state", "removals", ["state"])
    op.create_table(
        "result_arrays",
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("result_digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["result_digest"], ["results.digest"]),
        sa.PrimaryKeyConstraint("content_sha256", "result_digest"),
    )
    op.create_index("result_arrays_result", "result_arrays", ["result_digest"])
    op.create_index("objects_content", "objects", ["content_sha256"])
    op.create_index("studies_updated", "studies", ["state", "updated_at"])
    op.create_table(
        "alerts",
        sa.Column("matter", sa.String(length=160), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("told_at", sa.Float(), nullable=True),
        sa.Column("gone_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("matter", "channel"),
    )
    _note_arrays(op.get_bind())


def _note_arrays(connection: sa.Connection) -> None:
    """Of the results that are there; their JSON is read as every schema so far wrote it."""
    write = sa.text("INSERT INTO result_arrays (content_sha256, result_digest) VALUES (:array, :digest)")
    digests = [row.digest for row in connection.execute(sa.text("SELECT digest FROM results"))]
    for digest in digests:
        content = connection.scalar(sa.text("SELECT content FROM results WHERE digest = :digest"), {"digest": digest})
        for array in sorted({heatmap["array"] for heatmap in json.loads(content).get("heatmaps", ())}):
            connection.execute(write, {"array": array, "digest": digest})
