"""Ids in the shape of chatkitd's: a prefix and 48 hexadecimal digits."""

import hashlib
import secrets


def fresh_id(prefix: str) -> str:
    return prefix + secrets.token_hex(24)


def item_id(thread_id: str, label: str) -> str:
    """The id for which a script's label stands: one item of the thread, whichever turn names it."""
    digest = hashlib.sha256(f"{thread_id}/{label}".encode()).hexdigest()
    return "cti_" + digest[:48]
