"""Messages and replies as the product sees them: no platform, no XML, only what was meant."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Anything that reached the account from one person."""

    key: str
    """Natural and unique: the same push delivered again carries the same key (at most 191 characters)."""
    sender: str
    """The person's openid."""
    account: str
    """The account that was written to (``gh_…``): the reply goes out under it."""
    sent_at: datetime
    """Aware UTC, to the second."""


class Text(Message, frozen=True, kw_only=True, tag=True):
    """Written words; may be empty."""

    text: str
    menu_id: str = ""
    """Set when the words came from tapping a link ``weixin://bizmsgmenu?…`` or a message menu."""


class Image(Message, frozen=True, kw_only=True, tag=True):
    """A photo; ``media_id`` can be downloaded for three days, ``url`` shows it."""

    media_id: str
    url: str = ""


class Voice(Message, frozen=True, kw_only=True, tag=True):
    """A voice message. The platform no longer transcribes; ``transcript`` is empty unless a gateway fills it."""

    media_id: str
    format: str = ""
    transcript: str = ""


class Video(Message, frozen=True, kw_only=True, tag=True):
    """A video or short video."""

    media_id: str


class Location(Message, frozen=True, kw_only=True, tag=True):
    """A place the person sent on purpose."""

    latitude: float
    longitude: float
    label: str = ""


class Link(Message, frozen=True, kw_only=True, tag=True):
    """A forwarded article."""

    title: str
    description: str = ""
    url: str = ""


class Event(Message, frozen=True, kw_only=True, tag=True):
    """Something the person did rather than said."""


class Followed(Event, frozen=True, kw_only=True, tag=True):
    """Began to follow the account; ``scene`` is the QR code's text if one was scanned, else empty."""

    scene: str = ""


class Scanned(Event, frozen=True, kw_only=True, tag=True):
    """A follower scanned one of the account's QR codes."""

    scene: str


class Unfollowed(Event, frozen=True, kw_only=True, tag=True):
    """Stopped following; the platform asks that personal data be removed."""


class MenuTapped(Event, frozen=True, kw_only=True, tag=True):
    """A click entry of the custom menu."""

    entry: str


class MenuLinkOpened(Event, frozen=True, kw_only=True, tag=True):
    """A view entry of the custom menu."""

    url: str


class LetterDelivered(Event, frozen=True, kw_only=True, tag=True):
    """The platform's word on a template message: delivered, or the reason why not."""

    message_id: str
    status: str
    """``success`` or the platform's words (``failed:user block`` …)."""


class ConsentChanged(Event, frozen=True, kw_only=True, tag=True):
    """The person accepted or refused subscribe notifications: pairs of template and whether accepted."""

    answers: tuple[tuple[str, bool], ...]


class NotificationDelivered(Event, frozen=True, kw_only=True, tag=True):
    """The platform's word on a subscribe notification."""

    template_id: str
    message_id: str
    error_code: int
    status: str = ""
    refused: tuple[str, ...] = ()
    """The templates that the person does not take any more, of all that the report is about."""


class Silence(Event, frozen=True, kw_only=True, tag=True):
    """Nothing was said about a draft for a while. Made by our own clock, never by the platform."""

    case: int


class Unknown(Event, frozen=True, kw_only=True, tag=True):
    """Of a kind that the product does not use; answered with nothing."""

    kind: str


class Reply(msgspec.Struct, frozen=True):
    """What the bot says back, at once and only to the sender. Plain text of any length; the channel cuts it."""

    text: str


Inbound = (
    Text
    | Image
    | Voice
    | Video
    | Location
    | Link
    | Followed
    | Scanned
    | Unfollowed
    | MenuTapped
    | MenuLinkOpened
    | LetterDelivered
    | ConsentChanged
    | NotificationDelivered
    | Silence
    | Unknown
)
"""Every message there is; for exhaustive matching and for decoding a stored one."""
