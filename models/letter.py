"""A letter: one message that the bot sends of its own accord, and what became of it."""

from __future__ import annotations

import enum

import msgspec


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel must know to deliver; taken from the outbox, no database behind it."""

    id: int
    openid: str
    kind: str
    """What happened (``case_filed``, ``supply_chosen``, ``late_reply`` …): names the template, if one is set."""
    text: str
    """The whole sentence, for the customer-service channel."""
    fields: dict[str, str] = msgspec.field(default_factory=dict)
    """Facts for a template's fields: title, number, who, when … (cut to the platform's lengths when sent)."""
    client_msg_id: str
    """The same for every attempt: the platform drops repeats (template messages, about ten minutes)."""
    window_open: bool
    """Whether the recipient wrote within 48 hours and has allowance left: customer service may be tried."""


class Verdict(enum.StrEnum):
    """What one attempt came to."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    WAIT = "wait"
    """No channel is open to this person now: to be said at the next contact."""
    DEAD = "dead"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel answered."""

    verdict: Verdict
    channel: str = ""
    """``custom`` or ``template``, the one that answered last."""
    message_id: str = ""
    """The platform's number of a template message: TEMPLATESENDJOBFINISH names it."""
    retry_after_s: float = 0.0
    reason: str = ""
    """For an admin to read: error code and meaning; empty when accepted."""
    pause_channel_s: float = 0.0
    """Above 0: nothing more should be sent through this channel for so long (quota, configuration)."""
