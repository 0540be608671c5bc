"""P18: a marked patient goes through everything, and no output but the patient's own objects knows of it.

The marks may stand in what was received (``instances``) and in what was written for the patient's archive (objects in
the content store, files of ``score`` and ``wrap``), and in the copies of both in a backup: that is their purpose. On
the page, for who is signed in, stand subject and site of the trial and the description of a series, by which a reader
tells images apart; nothing else. On the terminal of who calls ``send`` or ``score``, their own file names. Everywhere
else: none.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from tests.dicom_node.receiving.instances import encoded
from tests.dicom_node.receiving.raw_sender import AC, RawSender
from tests.foreign_programs.programs import free_port, stop
from tests.foreign_programs.redis import RedisServer
from tests.journey.running_node import RunningNode
from tests.leaks.breaking_system import BODY_PART, add_breaking_system
from tests.leaks.later_life import live_on, rabbitmq_meanwhile
from tests.leaks.marked_patient import FILE_NAME, TEXTS, found_marks, marked_image
from tests.leaks.outputs import Everything
from tests.leaks.quoting_pacs import QuotingPacs
from tests.leaks.watched_redis import dump_of, watch_redis

pytestmark = pytest.mark.timeout(600)
SHOWN_TO_WHO_IS_SIGNED_IN = {
    TEXTS[keyword] for keyword in ("ClinicalTrialSubjectID", "ClinicalTrialSiteName", "SeriesDescription")
}
DATA_DIRS = ("site/data/", "site/restored/", "backups/")
OBJECTS_OF_THE_PATIENT = (
    "out/",
    "site/orthanc/",
    *(f"{folder}{place}/" for folder in DATA_DIRS for place in ("instances", "content")),
)
SETTINGS = """
[[peers]]
name = "quoting"
ae_title = "PACS"
host = "127.0.0.1"
port = {port}
receives_results = true
storage_commitment = false
[limits]
attempts = 1
free_disk_bytes = 1000000
"""
STUDIES = {"scored": "HAND", "no system": "KNEE", "damaged": "HAND", "breaks": BODY_PART, "again": "HAND"}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    folder = tmp_path_factory.mktemp("leaks")
    with ExitStack() as running:
        rabbitmq = running.enter_context(rabbitmq_meanwhile(folder / "rabbitmq"))
        redis = running.enter_context(RedisServer(folder / "redis"))
        monitor = watch_redis(running, redis, folder / "monitor")
        quoting = running.enter_context(QuotingPacs())
        node = RunningNode(folder / "site")
        node.systems = (*node.systems, "toy_breaks")
        (folder / "tmp").mkdir()
        node.environment = add_breaking_system(folder / "house") | {"TMPDIR": str(folder / "tmp")}
        node.more_of_pacs = "confirm_by_find = true"
        settings = SETTINGS.format(port=quoting.port)
        node.more_peers = f'{settings}[queue]\nurl = "{redis.url}"\n'
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
        live_on(done, settings, rabbitmq)
        stop(monitor)
        gather_files(done)
        yield done


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


def use_every_verb_on_files(done: Everything) -> None:
    """Without a node, sending to it, and scoring again what it keeps; who names a file reads its name in the answer."""
    files = sorted(str(path) for path in done.folder.glob("*.dcm"))
    scored, _, damaged, breaks, _ = files
    out, picture = str(done.folder / "out"), str(done.folder / "photo.png")
    Image.effect_mandelbrot((64, 48), (-2, -1, 1, 1), 20).save(picture)
    wrap = ("--kind", "hand", "--patient-id", TEXTS["PatientID"], "--patient-name", "Qvarnström^Zoëlla", "--out", out)
    verify = ("verify", "--study", done.uids["damaged"], "--config", str(done.node.config))
    statuses = done.verbs(
        ("score", scored, "--system", "hand_joints", "--out", out, "--json"),
        ("score", damaged, "--system", "hand_joints", "--out", out, "--json"),
        ("score", breaks, "--system", "toy_breaks", "--out", out),
        verify,
        (*verify, "--json"),
        ("route", *files),
        ("route", *files, "--json"),
        ("wrap", picture, *wrap),
        ("wrap", scored, *wrap),
        ("send", f"127.0.0.1:{free_port()}:NOBODY", *files, "--json"),
        ("send", f"127.0.0.1:{done.node.port}:RHEUMASCORE", *files),
    )
    assert statuses[:5] == [0, 0, 1, 0, 0] and statuses[7:9] == [0, 1]


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
    cli = everything.outputs["rheumascore score and 10 more"]
    assert b"RS-350" in cli and b"RuntimeError: system.py:" in cli
    for queue in ("file monitor", "wire of RabbitMQ"):
        for work in (b"score", b"report", b"deliver", b"commit", b"find"):
            assert b"rheumascore." + work in everything.outputs[queue], f"{work!r} in {queue}"
    for called in ("mails", "posts to the webhook"):
        assert b"RS-350" in everything.outputs[called] and b"RS-321" in everything.outputs[called], called
    assert b": equal" in cli, "what was verified"
    assert b"are not kept any longer" in everything.outputs["rheumascore retention and 5 more"]


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
