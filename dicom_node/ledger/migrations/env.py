"""Alembic's entry: the connection comes from dicom_node.ledger.ledger, never from a file."""

from alembic import context

from dicom_node.ledger.tables import LedgerTable

context.configure(
    connection=context.config.attributes["connection"], target_metadata=LedgerTable.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
