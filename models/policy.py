"""What an office may decide differently about the workflow."""

from __future__ import annotations

import msgspec


class Policy(msgspec.Struct, frozen=True):
    """The workflow's switches, as the settings give them."""

    claims_need_approval: bool = False
    """A claim takes effect only when the chair agrees; else it does at once and the chair may undo it for a day."""
    campaigns_by_rule: bool = True
    """Needs are collected whenever the rule in ``campaigns.toml`` says so; else only when the desk opens a campaign."""
