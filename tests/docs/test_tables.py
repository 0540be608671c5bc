"""The documents that take tables from the code are current, and what they say by hand beside them holds."""

from __future__ import annotations

import re

import pytest

from dicom_node.delivery import association_to_peer
from dicom_node.queue.celery_app import DELIVERY_THREADS
from dicom_node.receiving.strict_dataset_pass import MAX_DEPTH, MAX_ELEMENTS
from dicom_node.settings import LimitsSection
from docs.make_tables import DOCUMENTS, FOLDER, TABLES, with_tables


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_tables_are_those_of_the_code(name: str) -> None:
    text = text_of(name)
    assert with_tables(text) == text, f"docs/{name} is not current; run .venv/bin/python -m docs.make_tables"


def test_every_table_stands_in_a_document() -> None:
    standing = {table for name in DOCUMENTS for table in re.findall(r"<!-- table: (\w+) -->", text_of(name))}
    assert standing == set(TABLES)


def test_a_changed_table_is_noticed() -> None:
    text = text_of("conformance_statement.md")
    assert with_tables(text.replace("| 0xA700 |", "| 0xA701 |")) == text != text.replace("| 0xA700 |", "| 0xA701 |")


@pytest.mark.parametrize(
    "words",
    [
        f"| maximum PDU length offered | `limits.pdu_bytes`, {LimitsSection().pdu_bytes} when not set |",
        f"| maximum PDU length offered | {association_to_peer._LARGEST_PDU}; what the peer takes is obeyed |",
        f"| simultaneous associations | {DELIVERY_THREADS}, one for each delivery |",
        f"sequences {MAX_DEPTH} deep and {MAX_ELEMENTS:,} elements".replace(",", " "),
        f"at most {association_to_peer.MOST_CONTEXTS} in one association",
    ],
)
def test_numbers_written_by_hand_are_those_of_the_code(words: str) -> None:
    assert words in text_of("conformance_statement.md")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text_of(name)):
        assert (FOLDER / target).exists(), target
