"""The pages in a real browser: what is seen, what keys and the mouse do, and that policy forbids nothing we need."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from dicom_node.study_status import study_status
from tests.core_lab.web.conftest import DELIVERED, HOSTILE
from tests.core_lab.web.node_for_tests import NodeForTests, hand_study, truth_result
from tests.core_lab.web.page_for_tests import PageProcess
from tests.foreign_programs.chromium import Chromium
from tests.foreign_programs.programs import free_port

LIVE = "1.2.3.4.60000006"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, running_page: PageProcess) -> Iterator[Chromium]:
    """A browser that holds the session of the running page."""
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        browser.carry_cookie(running_page.address, *running_page.cookie.split("=", 1))
        browser.size(1400, 1000)
        yield browser
        assert browser.complaints == []


def canvas(browser: Chromium) -> tuple[npt.NDArray[np.float64], Image.Image]:
    """Grey values of the viewer as it is seen, and the whole window."""
    left, top, right, bottom = browser.value(
        "(r => [r.left, Math.max(0, r.top), r.right, Math.min(innerHeight, r.bottom)])"
        "(document.getElementById('viewer').getBoundingClientRect())"
    )
    window = browser.screenshot()
    return np.asarray(window.crop((round(left), round(top), round(right), round(bottom))).convert("L"), float), window


def open_study(browser: Chromium, page: PageProcess, fragment: str = "") -> None:
    browser.open("about:blank")
    browser.open(f"{page.address}/studies/{DELIVERED}{fragment}")
    browser.wait_for("document.getElementById('viewer').dataset.drawn === 'full'")


def test_the_printed_address_opens_the_page(chromium: Chromium, empty_page: PageProcess) -> None:
    chromium.open(empty_page.line.split()[1])
    assert chromium.value("location.href") == f"{empty_page.address}/"
    assert "No study yet" in chromium.value("document.body.innerText")
    assert chromium.value("document.cookie") == ""  # HttpOnly
    assert chromium.complaints == []


@pytest.mark.parametrize("width", [1400, 420])
def test_image_boxes_and_grades_are_seen_in_wide_and_narrow_windows(
    browser: Chromium, running_page: PageProcess, width: int
) -> None:
    browser.size(width, 1000)
    open_study(browser, running_page)
    seen, _ = canvas(browser)
    assert seen.max() > 200 and seen.std() > 5
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.querySelectorAll('.grade').length") == 62
    browser.size(1400, 1000)


def test_keys_and_buttons_change_what_is_seen(browser: Chromium, running_page: PageProcess) -> None:
    open_study(browser, running_page)
    browser.press("b")
    browser.press("h")
    bare, _ = canvas(browser)
    browser.press("h")
    assert np.abs(canvas(browser)[0] - bare).max() > 20  # the heatmap
    browser.press("h")
    browser.value("document.getElementById('invert').click()")
    film = bare > 60  # not the black around it
    assert np.abs(canvas(browser)[0] + bare - 255)[film].mean() < 4
    browser.press("r")
    browser.press("i")
    assert np.abs(canvas(browser)[0] - bare).max() < 3
    browser.drag((400, 500), (480, 430))
    assert np.abs(canvas(browser)[0] - bare).mean() > 3  # another window
    browser.press("r")
    browser.press("+")
    assert np.abs(canvas(browser)[0] - bare).mean() > 1


def test_a_click_on_a_grade_shows_its_joint(browser: Chromium, running_page: PageProcess) -> None:
    open_study(browser, running_page)
    before, _ = canvas(browser)
    browser.value("document.querySelector('[data-mark=\"L.MCP2\"]').click()")
    browser.wait_for("document.getElementById('said').textContent.startsWith('L MCP 2: erosion')")
    assert browser.value("[...document.querySelectorAll('.here')].map(c => c.dataset.mark).join()") == "L.MCP2,L.MCP2"
    assert np.abs(canvas(browser)[0] - before).mean() > 3
    open_study(browser, running_page, "#R.RADIUS")
    browser.wait_for("document.getElementById('said').textContent.startsWith('R Distal radius')")


def test_hostile_headers_do_nothing(browser: Chromium, running_page: PageProcess) -> None:
    for path in ("/", f"/studies/{HOSTILE}"):
        browser.open(running_page.address + path)
        assert "rheumascore" in browser.value("document.title")
        assert browser.value("document.querySelectorAll('main script').length") == 0
        assert "<script>" in browser.value("document.body.innerText")


def test_a_study_appears_and_moves_on_without_a_reload(
    chromium: Chromium, tmp_path_factory: pytest.TempPathFactory
) -> None:
    node = NodeForTests(tmp_path_factory.mktemp("live") / "data", free_port())
    with PageProcess(node.settings) as page:
        chromium.open(page.line.split()[1])
        chromium.value("window.sameDocument = true")
        images = hand_study(node, LIVE, 9)
        chromium.wait_for("document.querySelector('.badge.receiving') !== null")
        node.move(LIVE, ("scoring", "To be scored by hand_joints"))
        chromium.wait_for("document.querySelector('.badge.scoring') !== null")
        assert chromium.value("window.sameDocument")
        chromium.open(f"{page.address}/studies/{LIVE}")
        chromium.value("window.sameDocument = true")
        assert "No result yet" in chromium.value("document.body.innerText")
        result, arrays = truth_result(LIVE, images)
        node.keep_result(result, arrays)
        node.move(LIVE, ("scored", "62 of 62 sites"))
        chromium.wait_for("document.querySelectorAll('.grade').length === 62")
        chromium.wait_for("document.getElementById('viewer').dataset.drawn === 'full'")
        assert chromium.value("window.sameDocument")
        with node.ledger.read() as session:
            status = study_status(session, LIVE)
        assert status and status["state"] == "scored"
    assert chromium.complaints == []
