"""Sealed secrets: AES-256-GCM envelopes, bound to what they are for. Refuses to open one anywhere else.

Each secret has a data key of its own, which a master key wraps; both are bound to the purpose, so a
rotation wraps data keys anew and never touches a secret.

Version 2: 2 (1 byte) ‖ id of the master key (4, of its SHA-256) ‖ nonce (12) ‖ wrapped data key (48)
‖ nonce (12) ‖ ciphertext and tag. Version 1, which is only read: 1 ‖ id ‖ nonce ‖ ciphertext and tag,
under the master key itself.
"""

import base64
import binascii
import os
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from telemetry.spoken import remember

SETTING = "OUTRIDER_SECRET_KEY"
_DIRECT, _ENVELOPE = b"\x01", b"\x02"
_KEY, _NONCE, _ID, _TAG = 32, 12, 4, 16
_HEAD = 1 + _ID
_WRAPPED = _NONCE + _KEY + _TAG


class BadKey(Exception):
    """The setting holds no usable key; the text says which one and how to make one."""


class CannotOpen(BadKey):
    """A sealed secret does not open: another key, another owner, or changed bytes."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """Whom a secret belongs to and what it is; sealed in, so that it cannot be moved."""

    tenant_id: UUID
    owner_type: str
    owner_id: UUID
    kind: str

    def __bytes__(self) -> bytes:
        """The additional authenticated data."""
        return f"{self.tenant_id}|{self.owner_type}|{self.owner_id}|{self.kind}".encode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed secret on its way to where it is opened."""

    box: bytes
    purpose: Purpose


class Keyring:
    """The first key seals, every key opens: that is how a key is rotated."""

    __slots__ = ("_ciphers", "_first")

    def __init__(self, keys: list[bytes]) -> None:
        """Raises BadKey when there is none, one is not 32 bytes long, or two look alike."""
        ids = [sha256(key).digest()[:_ID] for key in keys]
        if not keys or len(set(ids)) < len(keys) or any(len(key) != 32 for key in keys):
            raise BadKey(f"{SETTING}: give one or more different keys of 32 bytes each.")
        self._first = ids[0]
        self._ciphers = {name: AESGCM(key) for name, key in zip(ids, keys, strict=True)}

    @classmethod
    def from_setting(cls, text: str) -> "Keyring":
        """`new[,old…]`, each 32 bytes in base64. Raises BadKey, which never quotes a key."""
        keys: list[bytes] = []
        for number, part in enumerate(text.split(","), start=1):
            try:
                key = base64.b64decode(part.strip(), validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if len(key) != 32:
                raise BadKey(
                    f"{SETTING}: key {number} is not 32 bytes in base64; "
                    "make one with `openssl rand -base64 32`."
                )
            keys.append(key)
        return cls(keys)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(name.hex() for name in self._ciphers)})"

    @property
    def first(self) -> str:
        """The id of the key that seals, in hex."""
        return self._first.hex()

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all keys, in hex."""
        return frozenset(name.hex() for name in self._ciphers)

    def seal(self, secret: bytes, purpose: Purpose) -> bytes:
        """Encrypt under a new data key that the first key wraps; two seals of one secret differ."""
        data_key = os.urandom(_KEY)
        return self._envelope(data_key, _encrypt(AESGCM(data_key), secret, purpose), purpose)

    def open(self, sealed: bytes, purpose: Purpose) -> bytes:
        """The secret again. Raises CannotOpen unless key, bytes and purpose are those of `seal`."""
        cipher = self._cipher(sealed)
        try:
            if sealed[:1] == _DIRECT:
                secret = _decrypt(cipher, sealed[_HEAD:], purpose)
            else:
                data_key = _decrypt(cipher, sealed[_HEAD : _HEAD + _WRAPPED], purpose)
                secret = _decrypt(AESGCM(data_key), sealed[_HEAD + _WRAPPED :], purpose)
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce and a tag
            raise _altered(sealed) from None
        remember(secret)
        return secret

    def rewrap(self, sealed: bytes, purpose: Purpose) -> bytes:
        """The same secret under the first key; what is so already comes back as it is.

        Raises CannotOpen as `open`.
        """
        if sealed[:1] == _DIRECT:
            return self.seal(self.open(sealed, purpose), purpose)
        if sealed[1:_HEAD] == self._first:
            return sealed
        try:
            data_key = _decrypt(self._cipher(sealed), sealed[_HEAD : _HEAD + _WRAPPED], purpose)
        except (InvalidTag, ValueError):
            raise _altered(sealed) from None
        return self._envelope(data_key, sealed[_HEAD + _WRAPPED :], purpose)

    def _envelope(self, data_key: bytes, box: bytes, purpose: Purpose) -> bytes:
        wrapped = _encrypt(self._ciphers[self._first], data_key, purpose)
        return _ENVELOPE + self._first + wrapped + box

    def _cipher(self, sealed: bytes) -> AESGCM:
        if len(sealed) < _HEAD or sealed[:1] not in {_DIRECT, _ENVELOPE}:
            raise CannotOpen("A sealed secret has a form that this version does not know.")
        cipher = self._ciphers.get(sealed[1:_HEAD])
        if cipher is None:
            raise CannotOpen(
                f"{SETTING} has no key {sealed[1:_HEAD].hex()}; append the old key, comma-separated."
            )
        return cipher


def _encrypt(cipher: AESGCM, plain: bytes, purpose: Purpose) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, bytes(purpose))


def _decrypt(cipher: AESGCM, box: bytes, purpose: Purpose) -> bytes:
    return cipher.decrypt(box[:_NONCE], box[_NONCE:], bytes(purpose))


def _altered(sealed: bytes) -> CannotOpen:
    return CannotOpen(
        f"{SETTING} has key {sealed[1:_HEAD].hex()}, but the secret was altered or belongs elsewhere."
    )
