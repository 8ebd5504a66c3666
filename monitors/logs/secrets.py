"""Addresses without the passwords in them: what may be shown, logged and stored."""

from __future__ import annotations

import re
from urllib.parse import unquote

_USER = re.compile(r"(?<=://).*@", re.DOTALL)
_SECRET = re.compile(r"([?&;](?:[\w.%-]*(?:password|passwd|pwd|secret|token|key|signature|sig|credential)[\w.%-]*)=)"
                     r"([^&;]*)", re.IGNORECASE)  # fmt: skip


def masked(address: str) -> str:
    """The address without user and password, and with stars for what its options keep secret.

    >>> masked("postgresql://me:hush@db/logs?sslmode=require&sslpassword=x")
    'postgresql://db/logs?sslmode=require&sslpassword=***'
    """
    return _SECRET.sub(r"\1***", _USER.sub("", address))


def without_secrets(text: str, address: str) -> str:
    """A message of a driver, without the secrets of the address that it was given."""
    text = text.replace(address, masked(address))
    user = _USER.search(address)
    found = [part for part in (user[0].removesuffix("@").partition(":")[2] if user else "",) if part]
    found += [match[2] for match in _SECRET.finditer(address) if match[2]]
    for secret in found:
        for spelling in {secret, unquote(secret)}:
            text = text.replace(spelling, "***")
    return text
