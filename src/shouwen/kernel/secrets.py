"""Encryption of private values and the keys that the database does not hold.

Keys live in files of the data folder (0600) or in the environment; they are created at first use.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_NONCE = 12


def key_file(name: str, make: bytes) -> bytes:
    """The bytes of a key file in the data folder; created with `make` for the owner only when missing."""
    path = Path(settings.KEY_DIR) / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(make)
        except FileExistsError:
            pass  # another process made it a moment ago
    return path.read_bytes()


@cache
def _cipher() -> AESGCM:
    return AESGCM(key_file("private-data.key", AESGCM.generate_key(256)))


def seal_text(text: str) -> bytes:
    """Encrypt private text (AES-256-GCM): nonce followed by ciphertext."""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher().encrypt(nonce, text.encode(), None)


def open_text(sealed: bytes | memoryview) -> str:
    """Decrypt what `seal_text` made."""
    raw = bytes(sealed)
    return _cipher().decrypt(raw[:_NONCE], raw[_NONCE:], None).decode()


@cache
def signing_key() -> Ed25519PrivateKey:
    """The key that signs checkpoints of the journal."""
    return Ed25519PrivateKey.from_private_bytes(key_file("checkpoint.key", os.urandom(32)))
