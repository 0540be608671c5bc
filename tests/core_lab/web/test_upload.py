"""Pictures handed in over HTTP: judged one by one, refused one by one, sent whole into the node's inbox, once."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_node.photographs.pictured_finger import PicturedFinger
from dicom_node.photographs.wrapping import wrap_photos
from scoring.phantoms.nailfold.phone_file import OWNER
from tests.core_lab.web.page_for_tests import Answer, PageProcess
from tests.core_lab.web.upload_site import MOST, PICTURES, Site, open_site, upload_node
from tests.dicom_node.photographs.phone_pictures import other_picture, phone_picture, upright_jpeg
from tests.dicom_node.photographs.test_nailfold_photographs import REFUSED
from tests.foreign_programs.programs import wait_until


@dataclass(frozen=True)
class Left:
    """What an earlier process had wrapped when it was killed: a visit that it was sending, and one not yet whole."""

    whole: Dataset
    half: Dataset


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def left(folder: Path) -> Left:
    uploads = folder / "data" / "uploads"
    made = []
    for seed, name in ((70, "one.sending"), (71, "two.wrapping")):
        photo = other_picture(folder / "a.jpg", seed)
        made.append(dcmread(next(wrap_photos([photo], "nailfold", "P-6", uploads / name))))
    (uploads / "three").write_bytes(b"x")
    return Left(*made)


@pytest.fixture(scope="module")
def running(folder: Path, left: Left) -> Iterator[Site]:
    with open_site(upload_node(folder, "hand_joints")) as site:  # judged without networks: nothing is loaded for it
        yield site


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    yield running
    running.empty()


def reader_of(page: PageProcess) -> list[psutil.Process]:
    """The children of a page that look at pictures."""
    found = psutil.Process(page.process.pid).children()
    living = [child for child in found if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in living if "core_lab.upload.picture_reader_child" in child.cmdline()]


def error_of(answer: Answer) -> str:
    return str(json.loads(answer.body)["error"]["text"])


def test_its_own_address_is_printed_with_a_token_that_works_once(running: Site) -> None:
    page = running.page
    assert page.upload_line.startswith(f"hand in pictures at {page.address}/upload?token=")
    assert (running.let_in.status, running.let_in.headers["location"]) == (303, "/upload")
    assert "Hand in nailfold pictures" in page.ask("/upload").text
    assert "/upload" in page.ask("/").text
    stranger = PageProcess(running.node.settings)
    stranger.upload_line = page.upload_line
    assert stranger.sign_in_to_upload().status == 403
    assert stranger.ask(PICTURES, method="POST", body=b"x", Origin=page.address).status == 403


def test_a_picture_is_judged_as_it_arrives_and_shown_upright(site: Site, tmp_path: Path) -> None:
    answer = site.hand_in(phone_picture(tmp_path / "ring.jpg", 6), "&um_per_px=4.2")
    seen = json.loads(answer.body)
    assert answer.status == 200 and seen["fit"] and seen["advice"] == "" and seen["name"] == "ring.jpg"
    assert "written" in seen["warnings"][0], "the phantom's stamp"
    preview = site.page.ask(f"{PICTURES}/{seen['id']}/preview")
    assert preview.headers["content-type"] == "image/jpeg" and OWNER.encode() not in preview.body
    assert json.loads(site.page.ask(PICTURES).body) == [seen], "a page that is loaded again finds it"
    assert site.ask(f"{PICTURES}/{seen['id']}/look?um_per_px=nan").status == 400
    assert json.loads(site.ask(f"{PICTURES}/{seen['id']}/look?um_per_px=4.2").body) == seen


def test_whoever_is_about_to_choose_pictures_wakes_the_reader(running: Site) -> None:
    # given a page whose reader rests, or died
    resting = reader_of(running.page)
    for reader in resting:
        reader.kill()

    def woken() -> list[psutil.Process]:
        assert running.ask("/api/upload/reader").status == 204
        return [reader for reader in reader_of(running.page) if reader not in resting]

    # when the page says that somebody is about to choose pictures, then a reader is there before any picture is
    first = wait_until("a reader", woken)
    # and when it says so again, then it is still the same
    assert woken() == first and len(first) == 1


def test_a_blurred_one_is_to_be_taken_again_and_says_how(site: Site, tmp_path: Path) -> None:
    with Image.open(upright_jpeg(tmp_path / "sharp.jpg")) as sharp:
        sharp.resize((16, 12)).resize((320, 240), Image.Resampling.BICUBIC).save(tmp_path / "soft.jpg")
    seen = json.loads(site.hand_in(tmp_path / "soft.jpg").body)
    assert seen["faults"] == ["too_blurry"] and not seen["fit"] and "take it again" in seen["advice"]


@pytest.mark.parametrize("case", [case for case in REFUSED if case != "a file that is gone"])  # which no browser sends
def test_what_cannot_be_taken_says_why_and_harms_no_other(site: Site, tmp_path: Path, case: str) -> None:
    # given a picture that is well, on the tray
    kept = site.taken(upright_jpeg(tmp_path / "well.jpg"))
    make, _, words = REFUSED[case]
    photo = make(tmp_path)
    # when one comes that cannot be taken
    answer = site.hand_in(photo)
    # then it says why under its own name, and the other is still there alone
    assert answer.status == 422
    assert words.partition(".*")[0] in error_of(answer) and str(site.tray[0].parent) not in error_of(answer)
    assert case == "no colour" or photo.name in error_of(answer)
    assert [picture["id"] for picture in json.loads(site.page.ask(PICTURES).body)] == [kept]
    assert [path.stem for path in site.tray] == [kept, kept]


def test_what_is_empty_comes_twice_or_is_too_much_is_said(site: Site, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    assert "empty" in error_of(site.hand_in(tmp_path / "empty.jpg"))
    site.taken(upright_jpeg(tmp_path / "a.jpg"))
    twice = site.hand_in(upright_jpeg(tmp_path / "b.jpg"))
    assert twice.status == 409 and "same picture as a.jpg" in error_of(twice)
    for seed in range(1, MOST):
        site.taken(other_picture(tmp_path / f"{seed}.jpg", seed))
    many = site.hand_in(other_picture(tmp_path / "more.jpg", 99))
    assert many.status == 409 and f"{MOST} pictures already" in error_of(many)


def test_a_visit_reaches_the_inbox_as_wrap_would_have_made_it(site: Site, tmp_path: Path) -> None:
    # given three pictures of a visit, one of them as a phone left it
    photos = [other_picture(tmp_path / f"{seed}.jpg", seed) for seed in (30, 31)]
    photos.append(phone_picture(tmp_path / "turned.jpg", 6))
    fingers = ["R RING", "R MIDDLE", "L INDEX"]
    trial = {"protocol": "T1", "site": "07", "subject": "S-4", "time_point": "W24"}
    ids = [site.taken(photo) for photo in photos]
    # when the visit is sent
    sent = site.send(*zip(ids, fingers, strict=True), **trial, um_per_px=4.2, magnification=200, confirmed=True)
    # then each instance is in the ledger as the verb wraps it, nobody's name in it, and the tray is empty
    places = [PicturedFinger(*said.split(), 4.2, 200.0) for said in fingers]  # type: ignore[arg-type]
    wrapped = wrap_photos(
        photos,
        "nailfold",
        "P-7",
        tmp_path / "out",
        trial="T1/07/S-4/W24",
        fingers=dict(zip([photo.name for photo in photos], places, strict=True)),
    )
    assert (sent["pictures"], sent["new"]) == (3, 3)
    received = site.received(sent["study_instance_uid"])
    assert received == [dcmread(path) for path in wrapped]
    assert all(OWNER not in str(dataset) for dataset in received)
    assert site.tray == []


def test_the_same_visit_again_is_answered_and_changes_nothing(site: Site, tmp_path: Path) -> None:
    photo = other_picture(tmp_path / "a.jpg", 41)
    first = site.send((site.taken(photo), "R RING"), confirmed=True)
    again = site.send((site.taken(photo), "R RING"), confirmed=True)
    assert again == {**first, "new": 0} and first["new"] == 1
    assert len(site.received(first["study_instance_uid"])) == 1


def test_doubts_are_told_before_anything_is_sent(site: Site, tmp_path: Path) -> None:
    photos = [other_picture(tmp_path / f"{seed}.jpg", seed) for seed in range(50, 55)]
    ids = [site.taken(photo) for photo in (*photos, phone_picture(tmp_path / "stamped.jpg"))]
    named = [(i, "L THUMB") for i in ids[:5]] + [(ids[5], "")]
    said = " ".join(site.send(*named)["doubts"])
    assert "1 of 6 pictures: nobody said side and finger" in said
    assert "5 pictures are said to show the left thumb finger" in said
    assert "Something seems to be written on 1 of 6 pictures" in said
    assert len(json.loads(site.page.ask(PICTURES).body)) == 6
    assert site.send(*named, confirmed=True)["new"] == 6


def test_a_form_that_is_wrong_sends_nothing(site: Site, tmp_path: Path) -> None:
    picture = site.taken(other_picture(tmp_path / "a.jpg", 60))
    assert "Patient ID" in site.send((picture, "R RING"), patient_id="")["error"]["text"]
    assert "side: got" in site.send((picture, "X RING"))["error"]["text"]
    assert (
        "no longer here"
        in site.send((picture, "R RING"), pictures=[{"id": "b", "side": "", "finger": ""}])["error"]["text"]
    )
    for body in (b"", b"{", b"[" * 60_000, b"\xff", b'{"pictures": [[[[]]]]}'):
        assert site.ask("/api/upload/visit", body=body).status == 422
    assert site.page.ask(f"{PICTURES}/{picture}/preview").status == 200


def test_only_its_own_page_can_send_something(site: Site, tmp_path: Path) -> None:
    photo = upright_jpeg(tmp_path / "a.jpg").read_bytes()
    foreign: list[tuple[dict[str, str], int]] = [
        ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 400), ({"Cookie": ""}, 403), ({"Cookie": f"rheumascore_{site.page.port}=x"}, 403),
    ]  # fmt: skip
    for headers, status in foreign:
        assert site.ask(PICTURES, body=photo, **headers).status == status, headers
    assert site.page.ask(PICTURES, method="POST", body=photo).status == 403, "no Origin: no browser sends that"
    for method in ("PUT", "PATCH", "OPTIONS"):
        assert site.ask(PICTURES, method, photo).status == 405
    assert site.ask("/", body=photo).status == 405
    assert site.ask("/api/upload/visit", body=bytes(70_000)).status == 413
    assert site.ask(PICTURES, body=b"", Transfer_Encoding="chunked").status == 411
    assert site.tray == []


@pytest.mark.parametrize("path", ["..%2f..%2fledger.sqlite3/preview", "..%2f..%2fledger.sqlite3", "x" * 3000, "%00"])
def test_no_id_leaves_the_tray(site: Site, path: str) -> None:
    assert site.ask(f"{PICTURES}/{path}", "DELETE").status in (404, 405)
    assert site.page.ask(f"{PICTURES}/{path}").status in (404, 405)


def test_a_picture_belongs_to_the_session_that_handed_it_in(site: Site, tmp_path: Path) -> None:
    picture = site.taken(upright_jpeg(tmp_path / "a.jpg"))
    other = PageProcess(site.node.settings)
    other.token = site.page.token
    assert other.sign_in().status == 303
    assert json.loads(other.ask(PICTURES).body) == []
    assert other.ask(f"{PICTURES}/{picture}/preview").status == 404
    assert other.ask(f"{PICTURES}/{picture}", method="DELETE", Origin=other.address).status == 404
    assert site.page.ask(f"{PICTURES}/{picture}/preview").status == 200


def head(site: Site, length: int) -> bytes:
    page = site.page
    lines = [
        f"POST {PICTURES} HTTP/1.1",
        f"Host: 127.0.0.1:{page.port}",
        f"Origin: {page.address}",
        f"Cookie: {page.cookie}",
    ]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


def test_a_body_that_is_too_large_is_refused_at_its_head(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.page.port), timeout=60) as connection:
        connection.sendall(head(site, 1 << 40))
        assert b" 413 " in connection.recv(100)


def test_a_browser_that_goes_away_leaves_nothing(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.page.port), timeout=60) as connection:
        connection.sendall(head(site, 1_000_000) + bytes(300_000))
        wait_until("the first bytes are on the tray", lambda: site.tray)
    wait_until("the tray is empty", lambda: not site.tray)


def test_what_an_earlier_process_had_wrapped_whole_is_handed_over_and_nothing_else(running: Site, left: Left) -> None:
    """It was killed while it sent: it left one visit wrapped whole, one half, and a picture."""
    wait_until("the visit is received", lambda: running.received(str(left.whole.StudyInstanceUID)))
    assert running.received(str(left.half.StudyInstanceUID)) == []
    wait_until("nothing of it is left", lambda: not {p.stem for p in running.tray} & {"one", "two", "three"})
