"""Sealed secrets: AES-256-GCM, bound to what they are for. Refuses to open one anywhere else.

Layout: version (1 byte) ‖ key id (4, of the key's SHA-256) ‖ nonce (12) ‖ ciphertext and tag.
"""

import base64
import binascii
import os
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SETTING = "OUTRIDER_SECRET_KEY"
_VERSION, _NONCE, _ID = b"\x01", 12, 4
_HEAD = len(_VERSION) + _ID + _NONCE


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

    def seal(self, secret: bytes, purpose: Purpose) -> bytes:
        """Encrypt with the first key; two seals of one secret differ."""
        nonce = os.urandom(_NONCE)
        box = self._ciphers[self._first].encrypt(nonce, secret, bytes(purpose))
        return _VERSION + self._first + nonce + box

    def open(self, sealed: bytes, purpose: Purpose) -> bytes:
        """The secret again. Raises CannotOpen unless key, bytes and purpose are those of `seal`."""
        if len(sealed) < _HEAD or sealed[:1] != _VERSION:
            raise CannotOpen("A sealed secret has a form that this version does not know.")
        name, nonce = sealed[1 : 1 + _ID], sealed[1 + _ID : _HEAD]
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise CannotOpen(
                f"{SETTING} has no key {name.hex()}; append the old key, comma-separated."
            )
        try:
            return cipher.decrypt(nonce, sealed[_HEAD:], bytes(purpose))
        except InvalidTag:
            raise CannotOpen(
                f"{SETTING} has key {name.hex()}, but the secret was altered or belongs elsewhere."
            ) from None
