"""Pages come in their order whoever makes them; another process only where there is work for more than one."""

from __future__ import annotations

import os

import pytest

from scoring.learning.side_processes import in_processes


def _page(number: int, name: str) -> tuple[int, str, int]:
    return number, name, os.getpid()


@pytest.mark.parametrize(("workers", "chunk", "here"), [(1, 1, True), (2, 4, True), (2, 1, False)])
def test_pages_come_in_order_and_alone_nobody_is_waited_for(workers: int, chunk: int, here: bool) -> None:
    made = list(in_processes(_page, range(4), "abcd", workers=workers, chunk=chunk))
    assert [(number, name) for number, name, _ in made] == [*zip(range(4), "abcd", strict=True)]
    assert {pid == os.getpid() for _, _, pid in made} == {here}
