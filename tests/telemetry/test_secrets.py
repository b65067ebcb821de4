"""Sealed secrets open for one key and one purpose, and for nothing else."""

import base64
from dataclasses import replace
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from telemetry.secrets import BadKey, CannotOpen, Keyring, Purpose

OLD, NEW = bytes(range(32)), bytes(range(100, 132))
PURPOSE = Purpose(UUID(int=1), "webhook_source", UUID(int=2), "hmac_secret")


def setting(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


@given(st.binary(max_size=200))
def test_what_was_sealed_opens_again_and_is_never_the_same_twice(secret: bytes):
    ring = Keyring([NEW])
    one, two = ring.seal(secret, PURPOSE), ring.seal(secret, PURPOSE)
    assert ring.open(one, PURPOSE) == ring.open(two, PURPOSE) == secret
    assert one != two


@given(st.binary(max_size=50), st.data())
def test_any_flipped_bit_is_refused(secret: bytes, data: st.DataObject):
    sealed = bytearray(Keyring([NEW]).seal(secret, PURPOSE))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises(CannotOpen):
        Keyring([NEW]).open(bytes(sealed), PURPOSE)


@given(st.data())
def test_any_shortened_secret_is_refused(data: st.DataObject):
    sealed = Keyring([NEW]).seal(b"something", PURPOSE)
    with pytest.raises(CannotOpen):
        Keyring([NEW]).open(sealed[: data.draw(st.integers(0, len(sealed) - 1))], PURPOSE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"tenant_id": UUID(int=9)},
        {"owner_id": UUID(int=9)},
        {"owner_type": "mailbox"},
        {"kind": "password"},
    ],
)
def test_a_secret_cannot_be_moved(elsewhere: dict[str, object]):
    sealed = Keyring([NEW]).seal(b"something", PURPOSE)
    with pytest.raises(CannotOpen, match="belongs elsewhere"):
        Keyring([NEW]).open(sealed, replace(PURPOSE, **elsewhere))  # pyright: ignore[reportArgumentType]


def test_an_old_key_still_opens_and_only_the_first_seals():
    before = Keyring.from_setting(setting(OLD)).seal(b"kept", PURPOSE)
    rotated = Keyring.from_setting(setting(NEW, OLD))
    assert rotated.open(before, PURPOSE) == b"kept"
    after = rotated.seal(b"kept", PURPOSE)
    assert Keyring.from_setting(setting(NEW)).open(after, PURPOSE) == b"kept"
    with pytest.raises(CannotOpen, match=r"OUTRIDER_SECRET_KEY has no key [0-9a-f]{8}"):
        Keyring.from_setting(setting(OLD)).open(after, PURPOSE)


def first_form(secret: bytes, purpose: Purpose, key: bytes = OLD) -> bytes:
    """As version 1 sealed: the master key itself, and no data key."""
    nonce = bytes(range(12))
    box = AESGCM(key).encrypt(nonce, secret, bytes(purpose))
    return b"\x01" + sha256(key).digest()[:4] + nonce + box


@given(st.binary(max_size=100))
def test_what_the_first_version_sealed_opens_and_is_wrapped_anew(secret: bytes):
    old = first_form(secret, PURPOSE)
    both = Keyring([NEW, OLD])
    assert both.open(old, PURPOSE) == secret
    assert Keyring([NEW]).open(both.rewrap(old, PURPOSE), PURPOSE) == secret


@given(st.binary(max_size=100))
def test_wrapping_anew_changes_the_key_and_not_the_secrets_own_box(secret: bytes):
    old = Keyring([OLD]).seal(secret, PURPOSE)
    both = Keyring([NEW, OLD])
    new = both.rewrap(old, PURPOSE)
    assert (new[-(len(secret) + 28) :], new[1:5]) == (
        old[-(len(secret) + 28) :],
        sha256(NEW).digest()[:4],
    )
    assert both.rewrap(new, PURPOSE) == new
    assert Keyring([NEW]).open(new, PURPOSE) == secret
    with pytest.raises(CannotOpen):
        Keyring([OLD]).open(new, PURPOSE)


@given(st.data(), st.booleans())
def test_nothing_is_wrapped_anew_whose_key_or_purpose_is_another(data: st.DataObject, first: bool):
    old = bytearray(first_form(b"s", PURPOSE) if first else Keyring([OLD]).seal(b"s", PURPOSE))
    both = Keyring([NEW, OLD])
    with pytest.raises(CannotOpen):
        both.rewrap(bytes(old), replace(PURPOSE, kind="password"))
    # The wrapped data key, or in the first form everything; the box of an envelope is not read.
    place = data.draw(st.integers(0, (len(old) if first else 65) * 8 - 1))
    old[place // 8] ^= 1 << place % 8
    with pytest.raises(CannotOpen):
        both.rewrap(bytes(old), PURPOSE)


def test_two_envelopes_of_one_purpose_cannot_be_mixed():
    ring = Keyring([NEW])
    one, two = ring.seal(b"one", PURPOSE), ring.seal(b"two", PURPOSE)
    with pytest.raises(CannotOpen):
        ring.open(one[:65] + two[65:], PURPOSE)


@pytest.mark.parametrize("text", ["", "not base64!", setting(NEW[:31]), f"{setting(NEW)},", "ü"])
def test_a_bad_setting_is_named_and_not_quoted(text: str):
    with pytest.raises(BadKey, match=r"OUTRIDER_SECRET_KEY: key \d.*openssl rand") as caught:
        Keyring.from_setting(text)
    assert not text or text not in str(caught.value)


def test_the_same_key_twice_is_refused():
    with pytest.raises(BadKey, match="different"):
        Keyring.from_setting(setting(NEW, NEW))


def test_no_printed_form_shows_a_key():
    ring = Keyring([NEW, OLD])
    assert repr(NEW) not in repr(ring)
    assert setting(NEW) not in repr(ring)
    assert len(repr(ring)) < 40


def test_an_error_shows_neither_key_nor_secret():
    sealed = Keyring([OLD]).seal(b"very private", PURPOSE)
    with pytest.raises(CannotOpen) as caught:
        Keyring([NEW]).open(sealed, replace(PURPOSE, tenant_id=uuid4()))
    assert "private" not in str(caught.value)
    assert setting(NEW) not in str(caught.value)
