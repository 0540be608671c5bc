"""The later life of a node: its queue is RabbitMQ now, it calls people, it is backed up, restored, and grows old."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import time

from sqlalchemy import select

from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow
from dicom_node.settings import read_settings
from tests.dicom_node.alerts.webhook import Webhook
from tests.foreign_programs.chaos_proxy import ChaosProxy
from tests.foreign_programs.mail_server import MailServer
from tests.foreign_programs.programs import wait_until
from tests.foreign_programs.rabbitmq import RabbitmqServer
from tests.leaks.outputs import Everything

_DAYS = 3 * 86_400.0
_ALERTS = """
[alerts]
every_minutes = 0.01
backup_days = 1
smtp_host = "127.0.0.1"
smtp_port = {smtp}
smtp_tls = "none"
email_from = "node@trial.test"
email_to = ["reader@trial.test"]
webhook_url = "{webhook}"
"""
_RETENTION = """
[retention]
delivered_days = 1
not_evaluable_days = 1
no_system_days = 1
results_days = 1
"""


@contextmanager
def rabbitmq_meanwhile(folder: Path) -> Iterator[Future[RabbitmqServer]]:
    """A RabbitMQ that starts while something else is done: it takes its time."""
    broker = RabbitmqServer(folder)
    with ThreadPoolExecutor(1) as beside:
        starting = beside.submit(broker.__enter__)
        try:
            yield starting
        finally:
            wait([starting])
            broker.__exit__()


def live_on(done: Everything, settings: str, starting: Future[RabbitmqServer]) -> None:
    """``settings``: the sections of node.toml from now on, without ``[queue]``. The node is stopped at the end."""
    broker = starting.result()
    with ExitStack() as running:
        wire = running.enter_context(ChaosProxy(broker.port, listening=True))
        mail, webhook = running.enter_context(MailServer()), running.enter_context(Webhook())
        queue = f'[queue]\nurl = "{broker.url.replace(str(broker.port), str(wire.port))}"\n'
        done.node.more_peers = settings + queue + _ALERTS.format(smtp=mail.port, webhook=webhook.url)
        done.node.restart()
        wait_until("people are called", lambda: mail.mails and webhook.posts, 120)
        look_after(done)
        done.node.stop()
        done.outputs["mails"] = b"".join(each.as_bytes() for each in mail.mails)
        done.outputs["posts to the webhook"] = b"".join(repr(head).encode() + body for head, body in webhook.posts)
    done.outputs["wire of RabbitMQ"] = b"\n".join(wire.heard or ())
    restore_and_grow_old(done)


def look_after(done: Everything) -> None:
    """What an administrator does while the node runs; what was given up is done again, in vain, over RabbitMQ."""
    config, backups = ("--config", str(done.node.config)), str(done.folder / "backups")
    statuses = done.verbs(
        ("alerts", "show", *config),
        ("alerts", "show", "--json", *config),
        ("alerts", "test", *config),
        ("retention", *config),
        ("requeue", "--dead", *config),
        ("withdraw", "--study", done.uids["scored"], "--reason", "wrong film", "--json", *config),
        ("backup", backups, *config),
        ("backup", backups, "--json", *config),
        ("backup", backups, "--check", *config),
    )
    assert statuses == [1, 1, 0, 0, 0, 0, 0, 0, 0], statuses
    wait_until("every job has ended again", partial(nothing_waits, done), 120)


def nothing_waits(done: Everything) -> bool:
    ledger = Ledger(read_settings(done.node.config).database_url)
    with ledger.read() as session:
        states = set(session.scalars(select(JobRow.state).distinct()))
    ledger.close()
    return not {"waiting", "leased"} & states


def restore_and_grow_old(done: Everything) -> None:
    """The backup becomes a node of its own, all of it three days old: what nobody waits for is removed."""
    config = done.node.folder / "restored.toml"
    present = done.node.config.read_text(encoding="utf-8").replace('data_dir = "data"', 'data_dir = "restored"')
    config.write_text(present + _RETENTION, encoding="utf-8")
    words = ("--config", str(config))
    assert done.verbs(("restore", str(done.folder / "backups"), *words)) == [0]
    make_older(done.node.folder / "restored")
    done.verbs(
        ("retention", *words),
        ("retention", "--json", *words),
        ("retention", "--now", "--json", *words),
        ("status", "--study", done.uids["no system"], *words),
        ("status", "--study", done.uids["no system"], "--json", *words),
        ("audit", "show", "--json", *words),
    )


def make_older(data_dir: Path) -> None:
    """Studies and files."""
    ledger = sqlite3.connect(data_dir / "ledger.sqlite3")
    with ledger:
        ledger.execute("UPDATE studies SET updated_at = updated_at - ?", (_DAYS,))
        ledger.execute("UPDATE studies SET last_received_at = last_received_at - ?", (_DAYS,))
    ledger.close()
    for path in data_dir.rglob("*"):
        if path.is_file():
            os.utime(path, (time() - _DAYS,) * 2)
