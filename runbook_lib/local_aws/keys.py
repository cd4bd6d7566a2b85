"""Access keys of administrators, derived from one secret.

Whoever may read the server's private state file can compute any account's key without asking;
the server recognises it. Keys that IAM or STS hand out are not made here.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field

from runbook_lib.errors import ParameterError

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


@dataclass(frozen=True)
class Key:
    """An access key. Its repr does not show the secret."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class Administrators:
    """The administrator key of every account, from one secret; with a seed, key ids repeat."""

    secret: bytes = field(repr=False)
    seed: int | None = None

    def key(self, account_id: str, partition: str = "aws") -> Key:
        """Return the key of this account's administrator.

        Raises: ParameterError for anything but 12 digits and a partition of `PARTITIONS`.
        """
        if not re.fullmatch(r"[0-9]{12}", account_id):
            raise ParameterError(f'account id "{account_id}" is not 12 digits, as in 123456789012')
        if partition not in PARTITIONS:
            raise ParameterError(f'partition "{partition}" is none of {", ".join(PARTITIONS)}')
        secret = hmac.digest(self.secret, f"secret {partition} {account_id}".encode(), "sha512")
        return Key(self._id(account_id, partition), base64.b64encode(secret)[:40].decode())

    def recognise(self, access_key_id: str, partition: str) -> Key | None:
        """Return the key with this id if it is an administrator's in this partition."""
        account_id = account_of(access_key_id)
        key = self.key(account_id, partition) if account_id else None
        return key if key and key.access_key_id == access_key_id else None

    def proof(self, *parts: object) -> str:
        """Return what only somebody who holds the secret can say of these parts."""
        return hmac.digest(self.secret, f"proof {parts}".encode(), hashlib.sha256).hex()

    def _id(self, account_id: str, partition: str) -> str:
        source = self.secret if self.seed is None else str(self.seed).encode()
        filling = hmac.digest(source, f"id {partition} {account_id}".encode(), hashlib.sha256)
        head = 1 << 47 | int(account_id) << 7 | filling[0] & 0x7F
        return "AKIA" + base64.b32encode(head.to_bytes(6, "big") + filling[1:5]).decode()


def account_of(access_key_id: str) -> str:
    """Return the account id that AWS encodes in a key's id, or "" where it holds none."""
    try:
        head = int.from_bytes(base64.b32decode(access_key_id[4:])[:6], "big")
    except (binascii.Error, ValueError):
        return ""
    account = (head & 0x7FFF_FFFF_FF80) >> 7
    return f"{account:012}" if len(access_key_id) == 20 and account < 10**12 else ""
