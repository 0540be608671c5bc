"""Every fault of a spec.toml is named by file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.catalogue import find_spec, list_systems
from scoring.errors import SpecError, UnknownSystemError
from scoring.score_rules.sharp_van_der_heijde import HIGHEST_GRADE, SITES, SITES_OF, planned_sites, subtotals
from scoring.spec import read_spec


def spec_with(tmp_path: Path, old: str, new: str, key: str = "hand_joints") -> Path:
    text = (find_spec(key).folder / "spec.toml").read_text(encoding="utf-8")
    assert old in text
    folder = tmp_path / key
    folder.mkdir()
    path = folder / "spec.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_hand_joints_declares_the_sharp_van_der_heijde_grid() -> None:
    spec = find_spec("hand_joints")
    assert tuple(site.key for site in spec.sites) == SITES
    assert sum(len(site.items) for site in spec.sites) * len(spec.sides) == planned_sites() == 62
    for item in spec.items:
        assert item.highest == HIGHEST_GRADE[item.key]  # type: ignore[index]
        declared = {site.key for site in spec.sites if item.key in site.items}
        assert declared == set(SITES_OF[item.key])  # type: ignore[index]
    assert [total.key for total in spec.totals] == [row.key for row in subtotals(())]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "network"', 'kind = "magic"', "kind must be one of network, rule, form, found 'magic'"),
        ('scope = "subject_visit"', "", "scope must be one of"),
        ('instrument = "SVDH"', "instrument = 3", "instrument must be a text"),
        ("highest = 5", 'highest = "five"', r"items\[0\]: highest must be a whole number"),
        ('attribute = "modality"', 'attribute = "mood"', r"accepts\[0\]: attribute must be one of"),
        ('["erosion", "narrowing"]', '["erosion", "swelling"]', "names 'swelling'"),
        ('kind = "network"', 'kind = "network"\nsecret = 1', "unknown key 'secret'"),
        ('key = "hand_joints"', 'key = "other"', "it must be the folder's name"),
        ('["SVDH", "99RHEUM"', '["SVDH-MUCH-TOO-LONG-FOR-A-CODE", "99RHEUM"', "at most 16"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        read_spec(spec_with(tmp_path, old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('scale = "present"', 'scale = "perhaps"', r"items\[0\]: scale must be one of grade, present, measurement"),
        ('judges = "density"', 'judges = "width"', "items.low_density_measured.judges is 'width'"),
        ('derivation = "category"', 'derivation = "mean"', "categories must be a list of codes"),
        ('for_each = "site"', 'for_each = "toe"', "for_each must be one of site"),
        ('unit = ["/mm", "UCUM", "per millimeter"]', "", r"unit must be \[code value"),
    ],
)
def test_a_fault_of_a_system_of_pictures_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        read_spec(spec_with(tmp_path, old, new, "nailfold"))


def test_a_total_of_each_site_is_declared_once() -> None:
    """Given the nailfold's totals; then there is one for every side and finger, and those of the patient last."""
    spec = find_spec("nailfold")
    fingers = [total for total in spec.totals if total.site]
    assert spec.total("L.RING.giant.maximum").site == "RING" and spec.total("UNKNOWN.giant.mean").side is None
    assert len(fingers) == 3 * len(spec.sites) * 18 and spec.totals[-1].key == "fast_track"


def test_an_unknown_system_lists_those_that_exist() -> None:
    with pytest.raises(UnknownSystemError, match="hand_joints"):
        find_spec("feet")


def test_keys_are_unique() -> None:
    keys = [spec.key for spec in list_systems()]
    assert len(keys) == len(set(keys))
