"""The upload page in a real browser: pictures chosen and dropped, fingers named by hand and key, a visit sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.core_lab.web.upload_site import Site, open_site, upload_node
from tests.dicom_node.photographs.phone_pictures import other_picture, phone_picture, upright_jpeg
from tests.foreign_programs.chromium import Chromium

NAME = "<b>ring.jpg"
WHILE_NETWORKS_LOAD = 180.0
"""Seconds, on a machine that is busy with other tests."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(upload_node(tmp_path_factory.mktemp("browser"))) as site:
        yield site


@pytest.fixture
def browser(chromium: Chromium, site: Site) -> Iterator[Chromium]:
    chromium.carry_cookie(site.page.address, *site.page.cookie.split("=", 1))
    chromium.size(1400, 1000)
    chromium.open(f"{site.page.address}/upload")
    yield chromium
    site.empty()


def middle(browser: Chromium, selector: str) -> tuple[float, float]:
    """Where the middle of a part of the page is seen."""
    found = "document.querySelector(" + json.dumps(selector) + ")"
    x, y = browser.value(
        f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();"
        f" return [r.left + r.width / 2, r.top + r.height / 2]; }})({found})"
    )
    return x, y


def finger_of(name: str) -> str:
    """What the page has noted as the finger of a picture."""
    return (
        "[...document.querySelectorAll('.picture')].find(p => p.querySelector('.name').textContent === "
        f"{json.dumps(name)}).querySelector('select').value"
    )


def test_a_visit_is_chosen_judged_named_and_sent(browser: Chromium, site: Site, tmp_path: Path) -> None:
    # given a sharp picture with a hostile name, a soft one, and a file that is none
    sharp = phone_picture(tmp_path / "a.jpg", 6).rename(tmp_path / NAME)
    with Image.open(upright_jpeg(tmp_path / "sharp.jpg")) as picture:
        picture.resize((16, 12)).resize((320, 240), Image.Resampling.BICUBIC).save(tmp_path / "soft.jpg")
    (tmp_path / "broken.jpg").write_bytes(upright_jpeg(tmp_path / "sharp.jpg").read_bytes()[:-900])
    # when they are chosen
    browser.choose_files("document.getElementById('files')", [sharp, tmp_path / "soft.jpg", tmp_path / "broken.jpg"])
    # then each has its verdict, the broken one its reason, and nobody's text is markup
    browser.wait_for(
        "document.querySelectorAll('.picture.fit, .picture.again, .picture.refused').length === 3", WHILE_NETWORKS_LOAD
    )
    for number, verdict in enumerate(("fit", "again", "refused")):
        assert browser.value(f"document.querySelectorAll('.picture')[{number}].matches('.{verdict}')"), verdict
    assert "no whole JPEG" in browser.value("document.querySelector('.refused .advice').textContent")
    assert browser.value("document.querySelectorAll('.picture b').length") == 0
    browser.wait_for(
        "[...document.querySelectorAll('.picture img:not([hidden])')].filter(i => i.naturalWidth).length === 2"
    )
    # when fingers are named, one by a click on the drawn hand, one by keys, and the visit is sent
    browser.click(middle(browser, ".finger[data-side='R'][data-finger='RING'] .skin"))
    assert browser.value(finger_of(sharp.name)) == "R RING"
    browser.value("document.querySelector('.finger[data-side=L][data-finger=LITTLE]').focus()")
    browser.press("ArrowRight")
    browser.press("Enter")
    assert browser.value(finger_of("soft.jpg")) == "L RING"
    assert browser.value("document.getElementById('send').disabled"), "nobody said whose they are"
    browser.click(middle(browser, "#patient_id"))
    for key in "P-5":
        browser.press(key)
    browser.click(middle(browser, "#send"))
    browser.wait_for("!document.getElementById('doubts').hidden")
    assert "1 of 2 pictures should be taken again" in browser.value("document.getElementById('doubts').textContent")
    browser.click(middle(browser, "#send"))
    # then both are in the node's ledger, and the page leads to the study
    browser.wait_for("!document.getElementById('done').hidden", WHILE_NETWORKS_LOAD)
    link = browser.value("document.getElementById('study').href")
    received = site.received(link.rpartition("/")[2])
    assert [(d.PatientID, d.ImageLaterality) for d in received] == [("P-5", "R"), ("P-5", "L")]
    browser.wait_for("document.getElementById('outcome').textContent.includes('The node has them')")
    browser.open(link)
    assert browser.value("document.querySelectorAll('.thumb').length") == 2
    assert all("422" in complaint for complaint in browser.complaints), "the broken picture's answer alone"


def test_pictures_are_dropped_on_a_finger_and_survive_a_reload_on_a_phone(
    browser: Chromium, site: Site, tmp_path: Path
) -> None:
    photos = [other_picture(tmp_path / f"{'a long name ' * seed}.jpg", seed) for seed in (1, 6)]
    browser.size(400, 860)
    browser.drop_files(middle(browser, ".finger[data-side='L'][data-finger='INDEX'] .skin"), photos)
    browser.wait_for("document.querySelectorAll('.picture.fit, .picture.again').length === 2", WHILE_NETWORKS_LOAD)
    assert browser.value("document.querySelector('.finger[data-side=L][data-finger=INDEX] .count').textContent") == "2"
    assert browser.value("document.documentElement.scrollWidth") <= 400
    cut = (
        "[...document.querySelectorAll('.picture .words *')].filter(e => e.getBoundingClientRect().right > 380).length"
    )
    assert browser.value(cut) == 0, "words, and the button that removes a picture, are within its card"
    browser.open("about:blank")
    browser.open(f"{site.page.address}/upload")
    browser.wait_for("document.querySelectorAll('.picture').length === 2", WHILE_NETWORKS_LOAD)
    assert [browser.value(finger_of(photo.name)) for photo in photos] == ["L INDEX", "L INDEX"]
    browser.click(middle(browser, ".picture .remove"))
    browser.wait_for("document.querySelectorAll('.picture').length === 1")
    assert browser.complaints == []
