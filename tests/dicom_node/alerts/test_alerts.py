"""A person is called once for each matter, by mail and webhook; a restart neither forgets nor repeats."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import time

import pytest
from sqlalchemy import text, update

import dicom_node.alerts.calls as calls_module
from dicom_node.alert_settings import AlertsSection
from dicom_node.alerts.calls import Calls
from dicom_node.alerts.channels import SIGNATURE, TIMESTAMP, send_message, signature
from dicom_node.alerts.matters import matters_now
from dicom_node.alerts.message import trial_message
from dicom_node.content_store import ContentStore
from dicom_node.disk_forecast import DiskForecast
from dicom_node.errors import AlertNotSentError
from dicom_node.ledger.jobs import add_job
from dicom_node.ledger.ledger import Ledger
from dicom_node.ledger.tables import JobRow, StudyRow
from dicom_node.ledger.timeline import record, timeline_of
from dicom_node.secret import Secret
from dicom_node.settings import LimitsSection, NodeSection, NodeSettings
from tests.dicom_node.alerts.webhook import Webhook
from tests.dicom_node.ledger.ledgers import add_study, new_ledger
from tests.foreign_programs.mail_server import MailServer
from tests.foreign_programs.programs import find_program

DAY = 86_400.0
MESSAGE = trial_message("NODE", "http://page/", 1_800_000_000.0)


@pytest.fixture
def settings(tmp_path: Path) -> NodeSettings:
    ContentStore(tmp_path)
    return NodeSettings(node=NodeSection(data_dir=tmp_path), limits=LimitsSection(free_disk_bytes=1))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = new_ledger(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, with its key, signed by itself."""
    folder = tmp_path_factory.mktemp("certificate")
    command = [find_program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return both


def by_webhook(settings: NodeSettings, hook: Webhook, **more: float) -> NodeSettings:
    section = AlertsSection(webhook_url=hook.url, webhook_secret=Secret("shared"), **more)  # type: ignore[arg-type]
    return replace(settings, alerts=section)


def park(ledger: Ledger, uid: str, code: str = "RS-321") -> str:
    """A job that was given up, and its study."""
    add_study(ledger, uid, "failed")
    with ledger.write() as session:
        job = add_job(session, "deliver", f"deliver:pacs:{uid}", uid, {"destination": "pacs"})
        job.state, job.error_code, job.error_text = "parked", code, "refused"
        return job.id


def test_what_waits_is_told_once_and_again_after_a_day_while_it_stands(settings: NodeSettings, ledger: Ledger) -> None:
    now = time()
    park(ledger, "1.2.77")
    with Webhook() as hook:
        told = by_webhook(settings, hook)
        assert Calls(told, ledger).turn(now) == 1
        assert Calls(told, ledger).turn(now + 3600) == 0, "another process, or the same after a restart, knows"
        assert Calls(told, ledger).turn(now + DAY + 60) == 1
        with ledger.write() as session:
            session.execute(update(JobRow).values(state="done"))
            session.execute(update(StudyRow).values(state="delivered"))
        assert Calls(told, ledger).turn(now + 2 * DAY + 120) == 0, "it is settled"
        [line] = hook.messages[0]["lines"]
        assert (line["code"], line["number"], line["words"]) == ("RS-321", 1, "a job was given up (deliver)")
        assert hook.messages[0]["page"] == "http://127.0.0.1:8080/"
        assert not [body for _, body in hook.posts if b"1.2.77" in body], "a study's UID goes to nobody"


def test_what_comes_together_goes_together(settings: NodeSettings, ledger: Ledger) -> None:
    """Given a flood of matters: the first is told at once, the rest in one message when the time has come."""
    now = time()
    with Webhook() as hook:
        calls = Calls(by_webhook(settings, hook), ledger)
        park(ledger, "1.2.1")
        assert calls.turn(now) == 1
        for number in range(2, 9):
            park(ledger, f"1.2.{number}")
        assert calls.turn(now + 60) == 0
        assert calls.turn(now + 15 * 60) == 1
        assert [line["number"] for message in hook.messages for line in message["lines"]] == [1, 7]


def test_what_flickers_calls_once(settings: NodeSettings, ledger: Ledger) -> None:
    now = time()
    job_id = park(ledger, "1.2.1")
    with Webhook() as hook:
        calls = Calls(by_webhook(settings, hook), ledger)
        assert calls.turn(now) == 1
        for minutes, state in ((20, "waiting"), (40, "parked"), (60, "waiting"), (80, "parked")):
            with ledger.write() as session:
                session.execute(update(JobRow).where(JobRow.id == job_id).values(state=state))
                session.execute(update(StudyRow).values(state="failed" if state == "parked" else "delivering"))
            calls.turn(now + 60 * minutes)
        assert len(hook.posts) == 1


def test_a_receiver_that_is_away_is_tried_again_and_the_message_is_not_lost(
    settings: NodeSettings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a webhook that answers 503; then it is left alone for a while, longer each time, and told in the end."""
    clock = [1000.0]
    monkeypatch.setattr(calls_module, "monotonic", lambda: clock[0])
    park(ledger, "1.2.1")
    now = time()
    with Webhook() as hook:
        calls = Calls(by_webhook(settings, hook), ledger)
        hook.status = 503
        assert calls.turn(now) == 0
        assert calls.turn(now + 1) == 0
        assert len(hook.posts) == 1, "not at every turn"
        clock[0] += 61
        assert calls.turn(now + 61) == 0
        clock[0] += 61
        assert calls.turn(now + 122) == 0
        assert len(hook.posts) == 2, "the second wait is longer"
        clock[0] += 61
        hook.status = 200
        assert calls.turn(now + 183) == 1
    with ledger.read() as session:
        events = session.execute(text("SELECT event FROM timeline WHERE event = 'person_called'")).all()
        assert len(events) == 1


def test_every_kind_of_matter_is_seen(settings: NodeSettings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    park(ledger, "1.2.1")
    add_study(ledger, "1.2.2", "failed")
    add_study(ledger, "1.2.3", "held")
    add_study(ledger, "1.2.4", "delivering")
    with ledger.write() as session:
        for kind in ("deliver", "commit"):
            late = add_job(session, kind, f"{kind}:away", "1.2.4", {"destination": "away"})  # type: ignore[arg-type]
            late.destination, late.created_at = "away", time() - 5 * 3600
        ended = add_job(session, "deliver", "deliver:pacs:1.2.2", "1.2.2", {"destination": "pacs"})
        ended.state, ended.created_at = "done", time() - 5 * 3600
    full = DiskForecast(0, 1, None, 0.0)
    monkeypatch.setattr("dicom_node.alerts.matters.forecast_disk", lambda *_: full)
    asked = replace(settings, alerts=AlertsSection(backup_days=7))
    with ledger.read() as session:
        found = matters_now(session, asked)
    assert [matter.code for matter in found] == ["RS-321", "RS-000", "HELD", "OVERDUE", "OVERDUE", "DISK", "BACKUP"]
    assert not [matter for matter in found if "1.2." in matter.words]
    with ledger.write() as session:
        record(session, None, "test", "backup_made", "A backup was made.")
    with ledger.engine.connect() as connection:
        connection.exec_driver_sql("DROP TRIGGER timeline_no_update")
        connection.exec_driver_sql("UPDATE timeline SET text = 'other' WHERE id = 1")
        connection.commit()
    with ledger.read() as session:
        codes = [matter.code for matter in matters_now(session, asked)]
    assert ("BACKUP" in codes, "AUDIT" in codes) == (False, True)


def test_a_webhook_can_tell_who_called(settings: NodeSettings) -> None:
    with Webhook() as hook:
        send_message(by_webhook(settings, hook).alerts, "webhook", MESSAGE)
        [(headers, body)] = hook.posts
    assert headers[SIGNATURE] == "sha256=" + signature("shared", headers[TIMESTAMP], body)
    assert headers[SIGNATURE] != "sha256=" + signature("shared", headers[TIMESTAMP], body + b" ")


def test_a_webhook_that_sends_elsewhere_is_not_followed(settings: NodeSettings) -> None:
    with Webhook() as hook:
        hook.status = 302
        with pytest.raises(AlertNotSentError, match="status 302"):
            send_message(by_webhook(settings, hook).alerts, "webhook", MESSAGE)
        assert len(hook.posts) == 1


def test_a_mail_goes_over_tls_with_its_password(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with MailServer(certificate, login=("node", "pass word")) as server:
        section = mail_section(server, smtp_user="node", smtp_password=Secret("pass word"))
        send_message(section, "email", MESSAGE)
        [mail] = server.mails
        assert server.over_tls == [True]
        assert (mail["From"], mail["To"]) == ("node@test.invalid", "a@test.invalid, b@test.invalid")
        assert mail["Subject"] == "NODE: 1 matter waiting for a person"
        assert "TEST" in mail.get_content()
        with pytest.raises(AlertNotSentError, match="SMTPAuthenticationError 535") as wrong:
            send_message(replace(section, smtp_password=Secret("wrong word")), "email", MESSAGE)
        assert "wrong word" not in str(wrong.value)


def test_a_mail_goes_over_tls_from_the_first_byte_where_the_settings_say_so(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with MailServer(certificate, tls_at_once=True) as server:
        send_message(replace(mail_section(server), smtp_tls="tls"), "email", MESSAGE)
        assert (len(server.mails), server.over_tls) == (1, [True])


def test_a_mail_server_that_nobody_vouches_for_gets_nothing(certificate: Path) -> None:
    with MailServer(certificate) as server:
        with pytest.raises(AlertNotSentError, match="SSLCertVerificationError"):
            send_message(mail_section(server), "email", MESSAGE)
        assert server.mails == []


def test_a_mail_server_without_tls_gets_nothing_unless_told(certificate: Path) -> None:
    with MailServer() as server:
        with pytest.raises(AlertNotSentError, match="SMTPNotSupportedError"):
            send_message(mail_section(server), "email", MESSAGE)
        send_message(replace(mail_section(server), smtp_tls="none"), "email", MESSAGE)
        server.refusing = "451 later"
        with pytest.raises(AlertNotSentError, match="451"):
            send_message(replace(mail_section(server), smtp_tls="none"), "email", MESSAGE)
        assert len(server.mails) == 1


def test_alerts_test_says_whether_a_message_arrives(tmp_path: Path) -> None:
    with Webhook() as hook:
        config = tmp_path / "node.toml"
        config.write_text(f'[node]\nport = 11112\n[alerts]\nwebhook_url = "{hook.url}"\n')
        command = [sys.executable, "-m", "scoring.cli", "alerts", "test", "--config", str(config)]
        taken = subprocess.run(command, capture_output=True, text=True, check=False)
        hook.status = 500
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (taken.returncode, taken.stdout) == (0, "webhook: taken\n")
    assert (refused.returncode, refused.stderr) == (1, "webhook: The webhook answered with status 500. (RS-343)\n")
    assert hook.messages[0]["lines"][0]["code"] == "TEST"


def test_nothing_is_said_to_anybody_by_default(settings: NodeSettings, ledger: Ledger) -> None:
    park(ledger, "1.2.1")
    assert Calls(settings, ledger).turn() == 0
    with ledger.read() as session:
        assert timeline_of(session, "1.2.1") == []


def mail_section(server: MailServer, **more: object) -> AlertsSection:
    section = AlertsSection(
        smtp_host="127.0.0.1",
        smtp_port=server.port,
        email_from="node@test.invalid",
        email_to=("a@test.invalid", "b@test.invalid"),
    )
    return replace(section, **more)  # type: ignore[arg-type]
