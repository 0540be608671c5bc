"""What the pages say, over HTTP, of a node whose ledger and store are real."""

from __future__ import annotations

import io
import json
import re
from copy import deepcopy
from html import escape, unescape

import numpy as np
from PIL import Image
from pydicom import dcmread

from dicom_node.study_status import study_status, study_statuses
from scoring.catalogue import find_spec
from scoring.image import scoring_image
from scoring.score_rules.sharp_van_der_heijde import ITEMS, SIDES, SITES_OF
from scoring.study import read_image_reference
from sr_templates.report_as_text import report_as_text
from sr_templates.result_objects import write_result_objects
from sr_templates.writing import SourceImage
from tests.core_lab.web.conftest import DELIVERED, HELD, HOSTILE, HOSTILE_TEXT, REFUSED, FilledNode
from tests.core_lab.web.node_for_tests import PATIENT_NAME, STATEMENT, WEIGHTS, hand_study, truth_result
from tests.core_lab.web.page_for_tests import PageProcess


def plain(html: str) -> str:
    """The words of a page without its tags, blanks joined."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_the_list_says_state_score_and_reasons(running_page: PageProcess, filled: FilledNode) -> None:
    words = plain(running_page.ask("/").text)
    total = filled.delivered.totals[-1]
    assert f"delivered S-0412 TRIAL-1 · site 07 · W24 · …10000001 hand_joints {total.grade} of 280" in words
    assert "62 of 62 sites" in words and "no total 59 of 62 sites" in words
    assert "1.00 s" in words  # last image to report
    assert "hand_joints : rests on demonstration weights" in words
    assert "No hand was found on the image" in words
    assert words.count(STATEMENT) == 1


def test_that_a_system_passed_a_study_over_is_told_on_its_own_page_alone(
    running_page: PageProcess, filled: FilledNode
) -> None:
    said = "modality is CR, wanted DMS"
    assert said not in running_page.ask("/").text, "another system has scored it"
    assert said in running_page.ask(f"/studies/{DELIVERED}").text


def test_the_list_can_be_narrowed_to_a_state(running_page: PageProcess) -> None:
    held = running_page.ask("/?state=held").text
    assert "…20000002" in held and "S-0412" not in held
    assert "No study is scoring." in plain(running_page.ask("/?state=scoring").text)
    assert running_page.ask("/?state=lost").status == 404


def test_an_empty_node_says_how_to_send_the_first_study(empty_page: PageProcess) -> None:
    empty_page.sign_in()
    words = plain(empty_page.ask("/").text)
    assert "No study yet" in words and "AE title RHEUMASCORE Host 127.0.0.1 Port 11112" in words
    assert "storescu -aet ORTHANC -aec RHEUMASCORE 127.0.0.1 11112 hand.dcm" in words


def test_the_grade_sheet_shows_every_grade_of_the_result(running_page: PageProcess, filled: FilledNode) -> None:
    html = running_page.ask(f"/studies/{DELIVERED}").text
    for item in filled.delivered.items:
        words = f"{item.item} {item.grade} of {5 if item.item == 'erosion' else 4}, expected {item.value:.1f}"
        cell = f'title="{words}" data-mark="{item.side}.{item.site}">{item.grade}</td>'
        assert cell in html, item.key
    planned = sum(len(SITES_OF[i]) for i in ITEMS) * len(SIDES)
    assert len(re.findall(r'<td class="grade level\d"', html)) == planned == 62
    assert STATEMENT in html
    for weight in WEIGHTS:
        assert all(part in html for part in (weight.sha256, weight.licence, weight.learnt_from, weight.role))


def test_what_was_not_scored_has_its_reason_and_no_number(running_page: PageProcess) -> None:
    html = running_page.ask(f"/studies/{HELD}").text
    assert len(re.findall(r'<td class="missing" title="[^"]* not scored: Joint outside the image"', html)) == 3
    words = plain(html)
    assert "a not scored: Joint outside the image" in words
    assert "no total 59 of 62 sites assessed" in words


def test_a_study_without_score_says_why(running_page: PageProcess) -> None:
    words = plain(running_page.ask(f"/studies/{REFUSED}").text)
    assert "Not evaluable: No hand was found on the image" in words
    assert STATEMENT in words


def test_deliveries_and_timeline_are_told(running_page: PageProcess) -> None:
    words = plain(running_page.ask(f"/studies/{DELIVERED}").text)
    assert "pacs heatmap 2.25.91 sent 0x0000 committed 1" in words
    assert "2 instance(s) from ORTHANC listener" in words and "1 object stored by pacs node" in words


def test_no_patient_is_named_anywhere(running_page: PageProcess) -> None:
    paths = ["/", "/api/studies"] + [
        f"{start}/studies/{uid}" for uid in (DELIVERED, HELD, REFUSED, HOSTILE) for start in ("", "/api")
    ]
    for path in paths:
        text = running_page.ask(path).text
        assert PATIENT_NAME not in text and "Unmistakable" not in text and "PHANTOM-11" not in text


def test_hostile_strings_are_text(running_page: PageProcess) -> None:
    for path in ("/", f"/studies/{HOSTILE}"):
        html = running_page.ask(path).text
        assert HOSTILE_TEXT not in html and "<script>document" not in html
        assert HOSTILE_TEXT in unescape(html)
    assert running_page.ask("/studies/%3Cscript%3E").status == 404


def test_json_is_what_the_status_says(running_page: PageProcess, filled: FilledNode) -> None:
    with filled.node.ledger.read() as session:
        assert json.loads(running_page.ask("/api/studies").body) == study_statuses(session)
        one = study_status(session, DELIVERED)
    assert json.loads(running_page.ask(f"/api/studies/{DELIVERED}").body) == one
    missing = running_page.ask("/api/studies/1.2.3")
    assert missing.status == 404 and "no study" in missing.text


def test_an_unknown_page_is_plain_and_says_what_to_do(running_page: PageProcess) -> None:
    image = f"/studies/{DELIVERED}/images/1.2/values?content=x"
    for path in ("/nowhere", "/studies/1.2.3", "/static/../app.py", image):
        answer = running_page.ask(path)
        assert answer.status == 404 and "Traceback" not in answer.text
        assert 'href="/"' in answer.text
    assert running_page.ask(f"/studies/{DELIVERED}/images/1.2/values").status == 400


def test_a_page_that_did_not_change_is_not_sent_again(running_page: PageProcess) -> None:
    for path in ("/", f"/studies/{DELIVERED}"):
        tag = running_page.ask(path).headers["etag"]
        again = running_page.ask(path, If_None_Match=tag)
        assert (again.status, again.body) == (304, b"")


def test_the_viewer_gets_the_pixels_that_are_scored(running_page: PageProcess, filled: FilledNode) -> None:
    image = filled.images[0]
    source = f"/studies/{DELIVERED}/images/{image.uid}"
    answer = running_page.ask(f"{source}/values?content={image.content_sha256}")
    sent = np.frombuffer(answer.body, "<u2").reshape(int(answer.headers["x-rows"]), int(answer.headers["x-columns"]))
    reference = read_image_reference(image.dataset, image.content_sha256, "")
    expected = scoring_image(image.dataset, image.dataset.pixel_array, reference).pixels
    assert np.array_equal(sent, np.rint(expected * 65535))
    small = running_page.ask(f"{source}/values?content={image.content_sha256}&side=64")
    assert max(int(small.headers["x-rows"]), int(small.headers["x-columns"])) == 64
    assert int(small.headers["x-source-rows"]) == image.dataset.Rows
    png = running_page.ask(f"{source}/picture.png?content={image.content_sha256}&side=64").body
    picture = Image.open(io.BytesIO(png))
    assert (picture.mode, max(picture.size)) == ("L", 64)
    tag = answer.headers["etag"]
    assert running_page.ask(f"{source}/values?content={image.content_sha256}", If_None_Match=tag).status == 304
    assert running_page.ask(f"{source}/values?content={'0' * 64}").status == 404
    assert running_page.ask(f"/studies/{HELD}/images/{image.uid}/values?content={image.content_sha256}").status == 404


def test_the_heatmap_is_clear_where_it_is_cold(running_page: PageProcess, filled: FilledNode) -> None:
    image = filled.images[0]
    path = f"/studies/{DELIVERED}/images/{image.uid}/heatmap.png?result="
    layer = np.asarray(Image.open(io.BytesIO(running_page.ask(path + filled.delivered.digest).body)))
    assert layer.shape[2] == 4 and layer[0, 0, 3] == 0 and layer[..., 3].max() > 100
    worst = max(filled.images[0].phantom.grades.items(), key=lambda entry: entry[1])[0][0]
    rows, columns = layer.shape[:2]
    x, y = image.phantom.centres[worst]
    near = layer[round(y / image.dataset.Rows * rows), round(x / image.dataset.Columns * columns), 3]
    assert near > 60
    assert running_page.ask(path + filled.held.digest).status == 404


def test_an_image_that_cannot_be_decoded_is_said_to_be_so(filled: FilledNode, running_page: PageProcess) -> None:
    uid, image = "1.2.3.4.50000005", filled.images[0]
    broken = deepcopy(image.dataset)
    broken.StudyInstanceUID, broken.PixelData = uid, broken.PixelData[:1000]
    [sha256] = filled.node.receive(uid, [broken])
    answer = running_page.ask(f"/studies/{uid}/images/{image.uid}/values?content={sha256}", Accept="application/json")
    assert answer.status == 422 and "cannot be decoded" in answer.text
    assert running_page.ask(f"/studies/{uid}").status == 200
    filled.node.store.instance_path(sha256).unlink()
    assert running_page.ask(f"/studies/{uid}").status == 200


def test_the_report_stands_there_as_text(filled: FilledNode, running_page: PageProcess) -> None:
    uid = "1.2.3.4.60000006"
    images = hand_study(filled.node, uid, 6)
    result, arrays = truth_result(uid, images)
    filled.node.keep_result(result, arrays)
    assert "Report as text" not in running_page.ask(f"/studies/{uid}").text
    pixels = {i.uid: SourceImage(i.dataset, i.phantom.pixels) for i in images}
    written = write_result_objects(result, find_spec("hand_joints"), pixels, arrays, "comprehensive")
    for each in written.objects:
        filled.node.keep_object(result, each.sop_instance_uid, each.sop_class_uid, each.role, each.content, None)
    filled.node.move(uid, ("delivering", "To pacs"))
    [report] = [o for o in written.objects if o.role == "report"]
    tree = report_as_text(dcmread(io.BytesIO(report.content)))
    assert tree.count("\n") > 62
    assert (
        escape(tree, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
        in running_page.ask(f"/studies/{uid}").text
    )


def test_the_pictures_stand_there_as_they_are_sent(filled: FilledNode, running_page: PageProcess) -> None:
    uid = "1.2.3.4.70000007"
    images = hand_study(filled.node, uid, 9)
    result, arrays = truth_result(uid, images)
    filled.node.keep_result(result, arrays)
    pixels = {i.uid: SourceImage(i.dataset, i.phantom.pixels) for i in images}
    written = write_result_objects(result, find_spec("hand_joints"), pixels, arrays, "pictures")
    for each in written.objects:
        filled.node.keep_object(result, each.sop_instance_uid, each.sop_class_uid, each.role, each.content, None)
    filled.node.move(uid, ("delivering", "To pacs"))
    html = running_page.ask(f"/studies/{uid}").text
    assert "<b>pacs</b> pictures" in html
    for each in written.objects:
        path = f"/studies/{uid}/objects/{each.sop_instance_uid}/picture.png"
        assert f'src="{path}?side=360"' in html and f'href="{path}"' in html
        answer = running_page.ask(path)
        shown = np.asarray(Image.open(io.BytesIO(answer.body)))
        assert np.array_equal(shown, dcmread(io.BytesIO(each.content)).pixel_array)
        assert max(Image.open(io.BytesIO(running_page.ask(f"{path}?side=360").body)).size) == 360
        assert running_page.ask(path, If_None_Match=answer.headers["etag"]).status == 304
        assert running_page.ask(path.replace(uid, DELIVERED)).status == 404
        assert running_page.ask(path, Cookie="none=1").status == 403
    filled.node.keep_object(result, "2.25.97", "1.2.840.10008.5.1.4.1.1.7", "heatmap", b"no picture", None)
    broken = running_page.ask(f"/studies/{uid}/objects/2.25.97/picture.png")
    assert broken.status == 422 and "cannot be read" in broken.text and "Traceback" not in broken.text
