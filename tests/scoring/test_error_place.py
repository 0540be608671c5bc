"""An error without its words: kind, lines and causes."""

from __future__ import annotations

from scoring.error_place import error_places

SAID = "a patient's name"


def _fails(depth: int) -> None:
    if depth:
        _fails(depth - 1)
    raise KeyError(SAID)


def _caught(depth: int) -> BaseException:
    try:
        _fails(depth)
    except KeyError as error:
        return error
    raise AssertionError


def test_the_innermost_line_comes_first_and_a_deep_one_is_cut() -> None:
    [place] = error_places(_caught(100))
    lines = place.removeprefix("KeyError: ").split(" < ")
    assert lines[0].startswith("test_error_place.py:") and lines[0].endswith(" _fails")
    assert len(lines) == 12


def test_each_error_that_led_to_it_is_named_once() -> None:
    first, second = _caught(0), ValueError(SAID)
    second.__cause__, first.__context__ = first, second
    assert [place.partition(":")[0] for place in error_places(second)] == ["ValueError", "KeyError"]


def test_what_was_hidden_on_purpose_stays_hidden() -> None:
    try:
        try:
            _fails(0)
        except KeyError:
            raise ValueError(SAID) from None
    except ValueError as error:
        assert len(error_places(error)) == 1


def test_every_error_of_a_group_is_named() -> None:
    group = ExceptionGroup(SAID, [_caught(0), ValueError(SAID)])
    assert [place.partition(":")[0] for place in error_places(group)] == ["ExceptionGroup", "KeyError", "ValueError"]
    assert SAID not in " ".join(error_places(group))


def test_an_error_that_was_never_raised_has_no_lines() -> None:
    assert error_places(ValueError(SAID)) == ["ValueError: ?"]
