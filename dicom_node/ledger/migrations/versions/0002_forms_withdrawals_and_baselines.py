"""What destinations take, withdrawals, and whose results they are"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accepted_forms",
        sa.Column("destination", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("wanted", sa.String(length=32), nullable=False),
        sa.Column("form", sa.String(length=32), nullable=False),
        sa.Column("accepted", sa.JSON(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("destination"),
    )
    op.add_column("objects", sa.Column("series_instance_uid", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("results", sa.Column("withdraws", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("results", sa.Column("subject", sa.String(length=64), nullable=True))
    op.add_column("results", sa.Column("study_date", sa.String(length=8), nullable=False, server_default=""))
    op.create_index("results_subject", "results", ["subject", "system"], unique=False)
    op.add_column("deliveries", sa.Column("may_be_there", sa.Boolean(), nullable=False, server_default=sa.false()))
    # Whatever was tried before nobody wrote down how it ended may lie there.
    op.execute("UPDATE deliveries SET may_be_there = TRUE WHERE attempts > 0 AND state <> 'failed'")
