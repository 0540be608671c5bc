"""Destinations that are away, jobs by destination and urgency, objects that were looked for and seen"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "destinations",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("ask_after", sa.Float(), nullable=False),
        sa.Column("away_since", sa.Float(), nullable=True),
        sa.Column("error_code", sa.String(length=16), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.add_column("jobs", sa.Column("destination", sa.String(length=64), nullable=True))
    op.add_column("jobs", sa.Column("urgency", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("jobs_destination", "jobs", ["destination", "state"])
    op.add_column("deliveries", sa.Column("seen_at", sa.Float(), nullable=True))
    jobs = sa.table("jobs", sa.column("destination"), sa.column("subject", sa.JSON()))
    op.execute(jobs.update().values(destination=jobs.c.subject["destination"].as_string()))
