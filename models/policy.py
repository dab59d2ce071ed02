"""What an office may decide differently about the workflow, and what it says of itself."""

from __future__ import annotations

import msgspec


class Policy(msgspec.Struct, frozen=True):
    """The switches, as the settings give them."""

    claims_need_approval: bool = False
    """A claim takes effect only when the chair agrees; else it does at once and the chair may undo it for a day."""
    public_url: str = ""
    """How the outside world reaches the web side, such as ``https://sqs.example.cn``; empty: it does not."""
