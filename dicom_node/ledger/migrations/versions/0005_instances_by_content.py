"""Instances are found by the digest that names their file"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("instances_content", "instances", ["content_sha256"])
