"""What the bot understood of a message: kept beside the raw text, with the version that understood it."""

from __future__ import annotations

from datetime import date, time

import msgspec


class Slots(msgspec.Struct, frozen=True, omit_defaults=True):
    """The exact pieces of the text that carry facts, in the order in which they stand."""

    quantity: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()
    item_no: tuple[str, ...] = ()


class Named(msgspec.Struct, frozen=True):
    """What an answer names for whoever asked for a time or a place, whatever else it may be about."""

    when: str | None
    """As ``Understanding.when``."""
    times: tuple[str, ...]
    """The pieces of the text that say so."""
    places: tuple[str, ...]
    quantities: tuple[str, ...]


class Understanding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reading of one text. Pure data: the same text, version and moment give the same reading."""

    version: str
    """Which rules and lexicon read it; a stored reading of another version can be made anew."""
    intent: str = "other"
    """One of the labels report, offer, claim, progress, evaluate, query_list, query_mine, activity_query,
    activity_signup, activity_signin, duty_query, volunteer_log, bind, cancel, help, human, chitchat, other."""
    kind: str | None = None
    """``need`` or ``problem`` where the intent is ``report``."""
    category: str | None = None
    """The category's label (产销对接 …) where the intent is ``report`` or ``offer``."""
    slots: Slots = Slots()
    deadline: str | None = None
    """``YYYY-MM-DD``, or two of them joined by ``/`` for a span."""
    when: str | None = None
    """The deadline as precisely as the text says it: ``YYYY-MM-DDTHH:MM`` where an hour is named."""
    confidence: float = 0.0
    """0 to 1: how sure the intent is."""
    rival: str | None = None
    """The second likeliest intent, where the likeliest is not sure."""
    second: str | None = None
    """The words of a second matter in the same message, if there is one."""
    emergency: str | None = None
    """The kind of emergency (``fire``, ``medical``, ``crime``, ``suicide``, ``utility`` …) or None."""


class Appointment(msgspec.Struct, frozen=True):
    """When and where somebody wants to meet, as far as they said it."""

    day: date | None
    """May lie behind; None: none was named."""
    at: time | None
    """The hour, in Chifeng; None: none was named."""
    rest: str
    """What else they said: the place, as a rule."""
    wrong: bool = False
    """A day or an hour was named that there is not."""
