"""A letter: one message that the bot sends of its own accord, and what became of it."""

from __future__ import annotations

import enum
from datetime import datetime

import msgspec

CUSTOM = "custom"
TEMPLATE = "template"
SUBSCRIPTION = "subscription"


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel must know to deliver; taken from the outbox, no database behind it."""

    id: int
    openid: str
    kind: str
    """What happened (``case_filed``, ``supply_chosen``, ``late_reply`` …): names the template, if one is set."""
    text: str
    """The whole sentence, for the customer-service channel; the sentences of a bundle below each other."""
    fields: dict[str, str] = msgspec.field(default_factory=dict)
    """Facts for a template's fields: title, number, who, when … (cut to the platform's lengths when sent)."""
    client_msg_id: str
    """The same for every attempt: the platform drops repeats (template messages, about ten minutes)."""
    window_open: bool
    """Whether the recipient wrote within 48 hours and has allowance left: customer service may be tried."""
    ids: tuple[int, ...] = ()
    """All letters that leave with it as one message, itself among them; empty: it is alone."""
    more: int = 0
    """How many others wait for the same person because they did not fit in."""
    member_id: int | None = None
    """The member to whom it is the day's one push; None: no such limit is kept."""
    channel: str = ""
    """The first one that it will be tried through; a template's has been counted against the day's quota."""
    consents: frozenset[str] = frozenset()
    """Templates of subscribe notifications that the recipient agreed to."""
    again: bool = False
    """An earlier attempt ended in the dark: only what the platform recognises as a repeat may be sent."""
    attempt: int = 1
    lease_until: datetime | None = None
    """Afterwards another process may take it."""

    @property
    def rows(self) -> tuple[int, ...]:
        """Every letter that leaves with it."""
        return self.ids or (self.id,)


class Verdict(enum.StrEnum):
    """What one attempt came to."""

    ACCEPTED = "accepted"
    RETRY = "retry"
    WAIT = "wait"
    """No channel is open to this person now: to be said at the next contact."""
    DEAD = "dead"


class PauseAsked(msgspec.Struct, frozen=True):
    """A channel, or a template, that should send nothing for a while."""

    channel: str
    """``custom``, ``template``, ``subscription``, or ``template:`` and a template's id."""
    seconds: float | None
    """None: until a person has mended it."""
    reason: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel answered."""

    verdict: Verdict
    channel: str = ""
    """``custom``, ``template`` or ``subscription``, the one that answered last."""
    message_id: str = ""
    """The platform's number of a template message: TEMPLATESENDJOBFINISH names it."""
    retry_after_s: float = 0.0
    reason: str = ""
    """For an admin to read: error code and meaning; empty when accepted."""
    pauses: tuple[PauseAsked, ...] = ()
    """What should send nothing for now (quota, configuration, a template that was retired)."""
    uncertain: bool = False
    """It may have arrived all the same."""
    template_id: str = ""
    """Of a subscribe notification that was accepted: one agreement is used up."""
    refused_template: str = ""
    """Of a subscribe notification to which the person does not agree any more."""
