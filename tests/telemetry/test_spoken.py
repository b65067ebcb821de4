"""A secret in hand is masked in every form in which somebody may say it back."""

import base64
import json
import threading
from collections.abc import Iterator
from urllib.parse import quote, quote_plus
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.redaction import scrub_text
from telemetry.secrets import Keyring, Purpose
from telemetry.spoken import MASK, forget, mask, remember

SECRET = 'p"w\\ ör/{3}+?'


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    forget()
    yield
    forget()


def said(secret: str) -> list[str]:
    """The ways to say it."""
    raw = secret.encode()
    return [
        secret, raw.hex(), raw.hex().upper(), quote(secret, safe=""), quote_plus(secret),
        base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    ]  # fmt: skip


@pytest.mark.parametrize("form", said(SECRET))
def test_it_is_masked_in_each_of_its_forms(form: str) -> None:
    assert form in mask(f"535 bad login {form}."), "nobody has it in hand"
    remember(SECRET.encode())
    for text in (mask(f"535 bad login {form}."), scrub_text(f"x{form}y")):
        assert MASK in text
        assert form not in text


@given(st.binary(max_size=9), st.binary(min_size=9, max_size=40), st.binary(max_size=9))
def test_it_is_masked_inside_the_base64_of_something_longer(
    before: bytes, secret: bytes, after: bytes
) -> None:
    forget()
    remember(secret)
    coded = base64.b64encode(before + secret + after).decode()
    left = mask(f"334 {coded}").removeprefix("334 ").replace(MASK, "")
    assert len(left) <= len(coded) - (len(secret) * 8 // 6 - 2)


def test_a_short_one_is_masked_as_a_word_and_not_inside_others() -> None:
    remember(b"word")
    assert (
        mask("535 word refused; the password is wrong")
        == f"535 {MASK} refused; the password is wrong"
    )


def test_what_a_keyring_opens_is_in_hand_of_this_thread_alone_until_the_work_is_over() -> None:
    ring, purpose = Keyring([bytes(32)]), Purpose(uuid4(), "mailbox", uuid4(), "password")
    sealed = ring.seal(b"correct horse", purpose)
    assert mask("correct horse") == "correct horse"
    ring.open(sealed, purpose)
    heard: list[str] = []
    other = threading.Thread(target=lambda: heard.append(mask("correct horse")))
    other.start()
    other.join()
    assert (mask("correct horse"), heard) == (MASK, ["correct horse"])
    forget()
    assert mask("correct horse") == "correct horse"


def test_only_the_latest_are_kept() -> None:
    for number in range(40):
        remember(f"secret number {number:02}".encode())
    assert mask("secret number 39") == MASK
    assert mask("secret number 00") == "secret number 00"
