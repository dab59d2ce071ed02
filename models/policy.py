"""What an office may decide differently about the workflow, and what it says of itself."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from models.quiet import Quiet


class Notices(msgspec.Struct, frozen=True):
    """What letters keep to on their way out."""

    quiet: Quiet = Quiet("20:00", "08:00")
    daily_quota: int = 100_000
    """Template messages a day, all processes together."""
    standing_consents: frozenset[str] = frozenset()
    """Templates of subscribe notifications to which people agree for ever, not for one message."""


class Policy(msgspec.Struct, frozen=True):
    """The switches, as the settings give them."""

    claims_need_approval: bool = False
    """A claim takes effect only when the chair agrees; else it does at once and the chair may undo it for a day."""
    notices: Notices = Notices()
    public_url: str = ""
    """How the outside world reaches the web side, such as ``https://sqs.example.cn``; empty: it does not."""
    campaigns_by_rule: bool = True
    """Needs are collected whenever the rule in ``campaigns.toml`` says so; else only when the desk opens a campaign."""
    retention: timedelta = timedelta(days=180)
    """How long messages are kept as they came."""
