"""The timeline becomes a chain of hashes that the database refuses to change"""

import json

import sqlalchemy as sa
from alembic import op

from dicom_node.ledger.audit_trail import BEGINNING, entry_hash

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_REFUSED = "the timeline is only ever added to"
_ON_SQLITE = (
    f"CREATE TRIGGER timeline_no_update BEFORE UPDATE ON timeline BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    f"CREATE TRIGGER timeline_no_delete BEFORE DELETE ON timeline BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    # INSERT OR REPLACE removes a row without asking the trigger above.
    "CREATE TRIGGER timeline_next_only BEFORE INSERT ON timeline WHEN NEW.id IS NOT "
    "(SELECT coalesce(max(id), 0) + 1 FROM timeline) "
    "BEGIN SELECT RAISE(ABORT, 'the next entry has the next number'); END",
)
_ON_POSTGRESQL = (
    "CREATE FUNCTION refuse_timeline_change() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$",
    "CREATE TRIGGER timeline_no_change BEFORE UPDATE OR DELETE ON timeline "
    "FOR EACH ROW EXECUTE FUNCTION refuse_timeline_change()",
    "CREATE TRIGGER timeline_no_truncate BEFORE TRUNCATE ON timeline "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_timeline_change()",
)


def upgrade() -> None:
    op.add_column("timeline", sa.Column("hash", sa.String(length=64), nullable=False, server_default=""))
    connection = op.get_bind()
    _chain_what_is_there(connection)
    for statement in _ON_POSTGRESQL if connection.dialect.name == "postgresql" else _ON_SQLITE:
        op.execute(statement)


def _chain_what_is_there(connection: sa.Connection) -> None:
    """Once, in the order in which they stand; numbers that were never given close up."""
    rows = sa.text(
        "SELECT id, at, study_instance_uid, actor, event, text, CAST(detail AS TEXT) FROM timeline "
        "WHERE id > :after ORDER BY id LIMIT 1000"
    )
    write = sa.text("UPDATE timeline SET id = :number, hash = :hash WHERE id = :id")
    number, before, after = 0, BEGINNING, 0
    while page := connection.execute(rows, {"after": after}).all():
        for after, at, study, actor, event, words, detail in page:
            number += 1
            before = entry_hash(before, number, at, study, actor, event, words, json.loads(detail))
            connection.execute(write, {"number": number, "hash": before, "id": after})
