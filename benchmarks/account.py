"""The invented account that every measured server answers for, and who its senders are."""

from __future__ import annotations

import base64
import hashlib

APP_ID = "wxbench00000000000"
APP_SECRET = hashlib.sha256(b"benchmark secret").hexdigest()[:32]
TOKEN = "benchmarktoken"
AES_KEY = base64.b64encode(hashlib.sha256(b"benchmark envelope").digest()).decode().rstrip("=")
ACCOUNT = "gh_0123456789ab"
DATA_KEY = base64.b64encode(hashlib.sha256(b"benchmark vault").digest()).decode()


def openid(number: int) -> str:
    """The openid of the sender of that number: 28 characters, the same in every run."""
    digest = base64.urlsafe_b64encode(hashlib.sha1(b"user%d" % number).digest()).decode()
    return "o" + digest[:27].replace("=", "x")
