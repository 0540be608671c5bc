"""What the listener does beside its work: a person is called, and what is due is removed."""

from __future__ import annotations

import os
from pathlib import Path
from time import time

from sqlalchemy import update

from dicom_node.content_store import ContentStore
from dicom_node.ledger.tables import StudyRow
from dicom_node.receiving.inbox import Inbox
from dicom_node.settings import LimitsSection
from tests.dicom_node.alerts.webhook import Webhook
from tests.dicom_node.ledger.ledgers import add_study, new_ledger
from tests.dicom_node.receiving.instances import radiograph, write_file
from tests.dicom_node.receiving.listener_process import ListenerProcess
from tests.foreign_programs.programs import wait_until


def test_a_listener_calls_a_person_and_removes_what_is_due(tmp_path: Path) -> None:
    """Given a study that failed and an old one that no system scores, before the node is started."""
    with Webhook() as hook:
        node = ListenerProcess(tmp_path)
        with (tmp_path / "node.toml").open("a") as settings:
            settings.write(f'\n[alerts]\nwebhook_url = "{hook.url}"\n[retention]\nno_system_days = 30\n')
        store, ledger = ContentStore(node.data_dir), new_ledger(node.data_dir)
        inbox = Inbox(store, ledger, LimitsSection(free_disk_bytes=1))
        receipt = inbox.receive_file(write_file(tmp_path / "old.dcm", radiograph()), "SENDER")
        long_ago = time() - 31 * 86_400
        with ledger.write() as session:
            session.execute(update(StudyRow).values(state="no_system", updated_at=long_ago, last_received_at=long_ago))
        add_study(ledger, "1.2.3", "failed")
        ledger.close()
        path = store.instance_path(receipt.instance.content_sha256)
        os.utime(path, (long_ago, long_ago))
        try:
            node.start()
            wait_until("a person is called", lambda: hook.posts, 120)
            wait_until("what is due is gone", lambda: not path.exists(), 60)
        finally:
            node.kill()
        assert [line["words"] for line in hook.messages[0]["lines"]] == ["a study failed"]
        assert store.head_path(receipt.instance.content_sha256).exists()
