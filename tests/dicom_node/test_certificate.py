"""What our reading of a certificate says is what OpenSSL says of it."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicom_node.certificate import read_certificate, read_certificates
from tests.foreign_programs.certificates import Authority, openssl, self_signed


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("site"), "site-authority")


def test_names_digest_and_end_are_those_that_openssl_prints(site: Authority) -> None:
    # given
    pair = site.pair("Modality-7", names="DNS:CT.example,DNS:ct2.example,IP:10.0.0.7,IP:fe80::7")

    # when
    [read] = read_certificates(pair.certificate)

    # then
    assert read.common_name == "Modality-7"
    assert read.names == {"modality-7", "ct.example", "ct2.example", "10.0.0.7", "fe80::7"}
    assert read.sha256 == pair.sha256
    ends = openssl("x509", "-noout", "-enddate", "-in", pair.certificate).strip().partition("=")[2]
    assert read.ends_at == ssl.cert_time_to_seconds(ends)


def test_a_certificate_without_alternative_names_has_its_common_name(site: Authority) -> None:
    [read] = read_certificates(site.pair("old-modality", names="").certificate)
    assert read.names == {"old-modality"}


def test_a_year_after_2049_is_written_in_another_form_and_read_too(site: Authority) -> None:
    [read] = read_certificates(site.pair("long", days=365 * 60).certificate)
    assert read.last_day > "2080-01-01"


def test_every_certificate_of_a_file_is_read_in_its_order(site: Authority, tmp_path: Path) -> None:
    chain = tmp_path / "chain.pem"
    chain.write_bytes(site.pair("leaf").certificate.read_bytes() + b"\n# its issuer\n" + site.certificate.read_bytes())
    assert [c.common_name for c in read_certificates(chain)] == ["leaf", "site-authority"]


@settings(deadline=None)
@given(at=st.integers(0, 600), byte=st.integers(0, 255))
def test_any_changed_byte_is_read_or_named(site: Authority, at: int, byte: int) -> None:
    changed = bytearray(ssl.PEM_cert_to_DER_cert(site.certificate.read_text()))
    changed[at] = byte
    with suppress(ValueError):
        read_certificate(bytes(changed))


def test_a_damaged_certificate_is_named_so_wherever_it_is_cut(tmp_path: Path) -> None:
    whole = ssl.PEM_cert_to_DER_cert(self_signed(tmp_path, "x").certificate.read_text())
    read_certificate(whole)
    for length in range(0, len(whole), 7):
        with pytest.raises(ValueError, match=r"^not an X.509 certificate$"):
            read_certificate(whole[:length])
