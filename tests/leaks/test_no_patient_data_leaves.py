"""P18: a marked patient goes through everything, and no output but the patient's own objects knows of it.

The marks may stand in what was received (``instances``) and in what was written for the patient's archive (objects in
the content store, files of ``score`` and ``wrap``): that is their purpose. On the page, for who is signed in, stand
subject and site of the trial and the description of a series, by which a reader tells images apart; nothing else. On
the terminal of who calls ``send`` or ``score``, their own file names. Everywhere else: none.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from tests.dicom_node.receiving.instances import encoded
from tests.dicom_node.receiving.raw_sender import AC, RawSender
from tests.foreign_programs.programs import find_program, free_port, stop, wait_until
from tests.foreign_programs.redis import RedisServer
from tests.journey.running_node import RunningNode
from tests.leaks.breaking_system import BODY_PART, add_breaking_system
from tests.leaks.marked_patient import FILE_NAME, TEXTS, found_marks, marked_image
from tests.leaks.quoting_pacs import QuotingPacs

pytestmark = pytest.mark.timeout(600)
SHOWN_TO_WHO_IS_SIGNED_IN = {
    TEXTS[keyword] for keyword in ("ClinicalTrialSubjectID", "ClinicalTrialSiteName", "SeriesDescription")
}
OBJECTS_OF_THE_PATIENT = ("out/", "site/orthanc/", "site/data/instances/", "site/data/content/")
STUDIES = {"scored": "HAND", "no system": "KNEE", "damaged": "HAND", "breaks": BODY_PART, "again": "HAND"}


@dataclass
class Everything:
    """What was done, and every output of it by name."""

    folder: Path
    node: RunningNode
    uids: dict[str, str] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    outputs: dict[str, bytes] = field(default_factory=dict)
    pages: dict[str, bytes] = field(default_factory=dict)

    def verbs(self, *calls: tuple[str, ...]) -> list[int]:
        """Calls of the command line, one after the other in one process that also finds the system that breaks.

        Each exit status; what they say, all together, is an output under the name of the first.
        """
        program = [sys.executable, "-c", _PROGRAM, json.dumps(calls)]
        environment = os.environ | self.node.environment
        done = subprocess.run(program, capture_output=True, env=environment, timeout=300, check=True)
        said, _, statuses = done.stdout.rpartition(b"\n")
        self.outputs[f"rheumascore {calls[0][0]} and {len(calls) - 1} more"] = said + done.stderr
        return list(json.loads(statuses))


_PROGRAM = """
import json, sys
from scoring.cli import main

statuses = []
for call in json.loads(sys.argv[1]):
    sys.argv[1:] = call
    try:
        main()
        statuses.append(0)
    except SystemExit as ended:
        statuses.append(ended.code)
print(end=chr(10) + json.dumps(statuses))
"""


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    folder = tmp_path_factory.mktemp("leaks")
    with ExitStack() as running:
        redis = running.enter_context(RedisServer(folder / "redis"))
        monitor = watch_redis(running, redis, folder / "monitor")
        quoting = running.enter_context(QuotingPacs())
        node = RunningNode(folder / "site")
        (folder / "tmp").mkdir()
        node.environment = add_breaking_system(folder / "house") | {"TMPDIR": str(folder / "tmp")}
        node.more_peers = f"""
[[peers]]
name = "quoting"
ae_title = "PACS"
host = "127.0.0.1"
port = {quoting.port}
receives_results = true
storage_commitment = false
[queue]
url = "{redis.url}"
[limits]
attempts = 1
free_disk_bytes = 1000000
"""
        running.enter_context(node)
        done = Everything(folder, node)
        send_studies(done)
        refuse_stores(done)
        ask_every_verb(done)
        use_every_verb_on_files(done)
        look_at_every_page(done)
        look_at_processes(done)
        done.outputs["keys of Redis"] = dump_of(redis)
        assert quoting.quoted, "it was asked to store, and quoted the patient"
        node.stop()
        stop(monitor)
        gather_files(done)
        yield done


def watch_redis(running: ExitStack, redis: RedisServer, path: Path) -> subprocess.Popen[bytes]:
    """Every command that any client gives to Redis, with its whole message."""
    program = find_program("redis-cli", "redis-tools")
    output = running.enter_context(path.open("wb"))
    monitor = subprocess.Popen([program, "-p", str(redis.port), "monitor"], stdout=output)
    running.callback(stop, monitor)
    wait_until("Redis is watched", lambda: path.read_bytes().startswith(b"OK"))
    return monitor


def dump_of(redis: RedisServer) -> bytes:
    """Keys and values that are there now."""
    client = [find_program("redis-cli", "redis-tools"), "-p", str(redis.port)]
    keys = subprocess.run([*client, "--scan"], capture_output=True, check=True).stdout
    dumps = [subprocess.run([*client, "dump", key], capture_output=True, check=True).stdout for key in keys.split()]
    return keys + b"".join(dumps)


def send_studies(done: Everything) -> None:
    """A study of every fate, through a PACS, and one that is corrected and sent again."""
    files = []
    for number, (fate, body_part) in enumerate(STUDIES.items()):
        image = marked_image(4910 + number, body_part)
        if fate == "damaged":
            image.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
            image.PixelData = encapsulate([b"\xff\xd8 Qlinikum Qzberg \xff\xd9"])
            image["PixelData"].VR = "OB"
        done.uids[fate] = str(image.StudyInstanceUID)
        files.append(done.folder / f"{FILE_NAME}_{number}.dcm")
        image.save_as(files[-1], enforce_file_format=True)
    done.node.send_through_orthanc(*files)
    for fate, uid in done.uids.items():
        done.states[fate] = done.node.wait_for(uid, 200)
    correct_a_header(done, marked_image(4914))


def correct_a_header(done: Everything, image: Dataset) -> None:
    """The same UID with another header: both are kept, the second is scored again, or held."""
    image.PatientComments = TEXTS["PatientComments"] + " Qzola"
    with RawSender(done.node.port) as sender:
        assert sender.associate().kind == AC
        answer = sender.store(image.SOPClassUID, image.SOPInstanceUID, encoded_without_meta(image))
        done.outputs["answer to a second version"] = answer.body
        sender.release()
    done.states["again"] = done.node.wait_for(done.uids["again"], 200)


def encoded_without_meta(image: Dataset) -> bytes:
    """The data set as it goes over the wire."""
    return encoded(Dataset({tag: element for tag, element in image.items() if tag.group > 2}))


def refuse_stores(done: Everything) -> None:
    """Every way to be refused, and what the sender is told."""
    image = marked_image(4990)
    whole = encoded_without_meta(image)
    nameless = Dataset({tag: element for tag, element in image.items() if tag.group > 2})
    del nameless.StudyInstanceUID
    uid, other = str(image.SOPInstanceUID), "1.2.3.4"
    refused = {
        "another instance": (other, whole, 0xA900),
        "no study": (uid, encoded(nameless), 0xA900),
        "half": (uid, whole[: len(whole) // 2], 0xC000),
        "a name for a UID": (TEXTS["PatientID"], whole, 0x0117),
        "no data set": (uid, TEXTS["PatientComments"].encode() * 100, 0xC000),
    }
    for what, (named, data_set, status) in refused.items():
        with RawSender(done.node.port) as sender:
            assert sender.associate().kind == AC
            answer = sender.store(image.SOPClassUID, named, data_set)
            assert answer.status == status, what
            said = {number: value for number, value in answer.elements.items() if number != 0x1000}
            done.outputs[f"answer to {what}"] = repr(said).encode() + answer.comment.encode()
    with RawSender(done.node.port) as stranger:
        done.outputs["answer to a stranger"] = stranger.associate(calling="STRANGER").body


def ask_every_verb(done: Everything) -> None:
    """All that print something about studies, files or peers."""
    config = ("--config", str(done.node.config))
    calls = [
        (*call, *options, *config)
        for options in ((), ("--json",))
        for call in (("status",), ("audit", "verify"), ("audit", "show"), ("echo",))
    ]
    for uid in done.uids.values():
        calls += [
            (*verb, "--study", uid, *o, *config) for verb in (("status",), ("audit", "show")) for o in ((), ("--json",))
        ]
    calls += [("requeue", "--dead", *config), ("config", "check", str(done.node.config))]
    done.verbs(*calls)
    [withdrawn] = done.verbs(("withdraw", "--study", done.uids["scored"], "--reason", "wrong film", "--json", *config))
    assert withdrawn == 0


def use_every_verb_on_files(done: Everything) -> None:
    """Without a node, and sending to it; who names a file reads its name in the answer."""
    files = sorted(str(path) for path in done.folder.glob("*.dcm"))
    scored, _, damaged, breaks, _ = files
    out, picture = str(done.folder / "out"), str(done.folder / "photo.png")
    Image.effect_mandelbrot((64, 48), (-2, -1, 1, 1), 20).save(picture)
    wrap = ("--kind", "hand", "--patient-id", TEXTS["PatientID"], "--patient-name", "Qvarnström^Zoëlla", "--out", out)
    statuses = done.verbs(
        ("score", scored, "--system", "hand_joints", "--out", out, "--json"),
        ("score", damaged, "--out", out, "--json"),
        ("score", breaks, "--system", "toy_breaks", "--out", out),
        ("route", *files),
        ("route", *files, "--json"),
        ("wrap", picture, *wrap),
        ("wrap", scored, *wrap),
        ("send", f"127.0.0.1:{free_port()}:NOBODY", *files, "--json"),
        ("send", f"127.0.0.1:{done.node.port}:RHEUMASCORE", *files),
    )
    assert statuses[:3] == [0, 0, 1] and statuses[5:7] == [0, 1]


def look_at_every_page(done: Everything) -> None:
    """Signed in, every address that a page names; and what somebody sees who is not."""
    log = (done.node.folder / "data" / "logs" / "web.log").read_text()
    token = re.findall(r"token=(\S+)", log)[-1]

    def ask(path: str, cookie: str = "") -> tuple[bytes, str]:
        connection = http.client.HTTPConnection("127.0.0.1", done.node.web_port, timeout=60)
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        said = repr(answer.getheaders()).encode() + answer.read()
        connection.close()
        return said, answer.getheader("set-cookie", "")

    wanted = {"/", "/healthz", "/api/studies", *(f"/?state={s}" for s in ("failed", "no_system", "not_evaluable"))}
    wanted |= {f"/studies/{uid}" for uid in done.uids.values()} | {f"/api/studies/{u}" for u in done.uids.values()}
    for path in sorted(wanted):
        done.outputs[f"page for a stranger {path}"] = ask(path)[0]
    done.outputs["page that signs in"], cookie = ask(f"/?token={token}")
    for path in sorted(wanted):
        done.pages[path] = ask(path, cookie.partition(";")[0])[0]


def look_at_processes(done: Everything) -> None:
    """Command lines and environment, as every other process of this user sees them."""
    assert done.node.process is not None
    for process in psutil.Process(done.node.process.pid).children(recursive=True):
        seen = [*process.cmdline(), *(f"{k}={v}" for k, v in process.environ().items())]
        done.outputs[f"process {process.pid}"] = "\n".join(seen).encode()


def gather_files(done: Everything) -> None:
    """Every file that any process left, but the patient's own objects and what this test wrote itself."""
    for path in sorted(done.folder.rglob("*")):
        name = path.relative_to(done.folder).as_posix()
        sent = name.startswith("house/") or (path.parent == done.folder and path.suffix in (".dcm", ".png"))
        if path.is_file() and not sent and not name.startswith(OBJECTS_OF_THE_PATIENT):
            done.outputs[f"file {name}"] = name.encode() + path.read_bytes()


def test_every_fate_was_met(everything: Everything) -> None:
    """Without this, nothing found would mean nothing."""
    states = {fate: status["state"] for fate, status in everything.states.items()}
    assert states["no system"] == "no_system"
    assert {states[fate] for fate in ("scored", "damaged", "breaks")} == {"failed"}
    assert "RS-350" in json.dumps(everything.states["breaks"])
    assert "RS-321" in json.dumps(everything.states["scored"]), "the archive that quotes refused it"
    assert everything.states["damaged"]["results"], "a report that says not evaluable"
    worker = everything.outputs["file site/data/logs/scoring.log"].decode()
    assert "RuntimeError: system.py:" in worker, "the place of what nobody foresaw is in the log"
    cli = everything.outputs["rheumascore score and 8 more"]
    assert b"RS-350" in cli and b"RuntimeError: system.py:" in cli
    assert b"rheumascore.score" in everything.outputs["file monitor"], "messages went over Redis"


def test_the_objects_of_the_patient_hold_the_marks(everything: Everything) -> None:
    """What is received is kept as it is; a report carries its patient. The search would find them elsewhere, too."""
    data = everything.folder / "site" / "data"
    kept = [found_marks(path.read_bytes()) for path in (data / "instances").rglob("*.dcm")]
    assert kept and all(TEXTS["PatientComments"] in found for found in kept)
    reports = [found_marks(path.read_bytes()) for path in (everything.folder / "out").glob("*.sr.dcm")]
    assert len(reports) == 2 and all(TEXTS["PatientID"] in found for found in reports)


def test_no_other_output_holds_a_mark(everything: Everything) -> None:
    assert len(everything.outputs) > 40
    leaks = {name: found for name, said in everything.outputs.items() if (found := found_marks(said) - own_name(name))}
    assert leaks == {}


def own_name(output: str) -> set[str]:
    """Who names files to a verb reads their names in its answer."""
    return {FILE_NAME} if output.startswith("rheumascore score") else set()


def test_a_page_shows_what_tells_images_apart_and_nothing_else(everything: Everything) -> None:
    leaks = {path: found for path, page in everything.pages.items() if (found := found_marks(page))}
    assert {mark for found in leaks.values() for mark in found} <= SHOWN_TO_WHO_IS_SIGNED_IN
    assert not [path for path in leaks if path.startswith("/api/")]
