"""Pushes in, replies out: signature, envelope, markup and types in one place. No I/O."""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from bot.config import WeChat
from bot.kit.clock import Clock, real_clock
from bot.kit.message import Inbound
from bot.wechat import inbound, markup
from bot.wechat.crypto import Envelope, same, sign
from bot.wechat.errors import BadSignature, NotAMessage, WrongAccount
from bot.wechat.wording import cdata, fit

XML_TYPE = "application/xml; charset=utf-8"
JSON_TYPE = "application/json; charset=utf-8"


class Push(msgspec.Struct, frozen=True):
    """A message, and how its answer must be dressed."""

    message: Inbound
    json: bool
    """The message was JSON; so is its answer."""
    outer_json: bool
    """The body as a whole was JSON: for an encrypted push, the envelope."""
    envelope: Envelope | None
    """The key that opened it seals the answer; None when the push was plain."""


class Answer(msgspec.Struct, frozen=True):
    """A body to send back, with its Content-Type."""

    body: bytes
    content_type: str


class Codec:
    """Speaks for one account: plain, compatible and AES mode, XML and JSON, without being told which."""

    def __init__(self, settings: WeChat, clock: Clock = real_clock) -> None:
        """``clock`` stamps replies and judges the age of pushes when ``timestamp_window_s`` is set."""
        self._token = settings.token
        self._original_id = settings.original_id
        self._window = settings.timestamp_window_s
        self._clock = clock
        # During a change of key the platform may still use the old one: both are tried, the current first.
        keys = (settings.encoding_aes_key, settings.encoding_aes_key_previous)
        self._envelopes = tuple(Envelope(key, settings.app_id) for key in keys if key)

    def echo(self, query: Mapping[str, str]) -> str:
        """The answer to the console's URL check: its ``echostr``, unchanged.

        Raises:
            BadSignature: the signature is missing or does not hold.
        """
        self._check(query, query.get("signature"))
        return query.get("echostr", "")

    def admit(self, query: Mapping[str, str]) -> None:
        """Refuses what the query alone already condemns, before a body is read.

        Raises:
            BadSignature: the signature does not hold, or there is none at all.
        """
        signature = query.get("signature")
        if signature is not None or not query.get("msg_signature"):
            self._check(query, signature)

    def read(self, query: Mapping[str, str], body: bytes) -> Push:
        """The message in ``body``.

        Raises:
            BadSignature: the request is not the platform's (403).
            WrongAccount: it is meant for another account (403).
            NotAMessage: it cannot be read (400). Nothing else is raised, whatever the bytes.
        """
        self.admit(query)
        fields, json = markup.parse(body)
        outer_json = json
        envelope: Envelope | None = None
        signature = query.get("msg_signature")
        if signature or query.get("encrypt_type") == "aes":
            sealed = fields.get("Encrypt")
            if not isinstance(sealed, str) or not sealed:
                raise NotAMessage("said to be encrypted, but holds no Encrypt")
            # In compatible mode plain fields stand beside Encrypt; only what the signature covers is believed.
            self._check(query, signature, sealed)
            plain, envelope = self._open(sealed)
            fields, json = markup.parse(plain)
        message = inbound.read(fields)
        if self._original_id and message.account != self._original_id:
            raise WrongAccount("written to another account")
        return Push(message, json, outer_json, envelope)

    def write(self, push: Push, text: str) -> Answer | None:
        """The reply document to ``push``; None when ``text`` has nothing to show.

        XML answers XML, JSON answers JSON, encrypted answers encrypted with the key that the push used.
        """
        content = fit(text)
        if not content:
            return None
        to, by, now = push.message.sender, push.message.account, int(self._clock().timestamp())
        if push.json:
            body = msgspec.json.encode(
                {
                    "ToUserName": to,
                    "FromUserName": by,
                    "CreateTime": now,
                    "MsgType": "text",
                    "Content": content,
                }
            )
        else:
            # By hand: wechatpy's TextReply.render takes ten times as long and lets `]]>` break the document.
            body = (
                f"<xml><ToUserName>{cdata(to)}</ToUserName><FromUserName>{cdata(by)}</FromUserName>"
                f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
                f"<Content>{cdata(content)}</Content></xml>"
            ).encode()
        if push.envelope is not None:
            body = self._seal(push.envelope, body, now, json=push.outer_json)
        return Answer(body, JSON_TYPE if push.outer_json else XML_TYPE)

    def _check(self, query: Mapping[str, str], given: str | None, *more: str) -> None:
        timestamp, nonce = query.get("timestamp"), query.get("nonce")
        # Without a token anybody could sign: then nothing is believed.
        if not (self._token and given and timestamp and nonce):
            raise BadSignature("no signature")
        if not same(sign(self._token, timestamp, nonce, *more), given):
            raise BadSignature("the signature does not hold")
        if self._window:
            self._check_age(timestamp)

    def _check_age(self, timestamp: str) -> None:
        # Only the age is judged. A repeated nonce is not refused: the platform sends a push up to three times.
        number = int(timestamp) if timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 else 0
        if abs(self._clock().timestamp() - number) > self._window:
            raise BadSignature("signed too long ago")

    def _open(self, sealed: str) -> tuple[bytes, Envelope]:
        refusal: NotAMessage | WrongAccount = NotAMessage("encrypted, but no encoding_aes_key is set")
        for envelope in self._envelopes:
            try:
                return envelope.open(sealed), envelope
            except NotAMessage as error:
                # What one key found to be another account's is a clearer word than another key's "damaged".
                if not isinstance(refusal, WrongAccount):
                    refusal = error
            except WrongAccount as error:
                refusal = error
        raise refusal

    def _seal(self, envelope: Envelope, body: bytes, now: int, *, json: bool) -> bytes:
        sealed = envelope.seal(body)
        nonce = str(int.from_bytes(os.urandom(5), "big"))
        signature = sign(self._token, str(now), nonce, sealed)
        if json:
            return msgspec.json.encode(
                {"Encrypt": sealed, "MsgSignature": signature, "TimeStamp": now, "Nonce": nonce}
            )
        return (
            f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{now}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        ).encode()
