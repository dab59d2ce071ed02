"""One push over real HTTP: signed, sealed, given five seconds, tried three times, its answer checked."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

import aiohttp

from bot.config import WeChat
from bot.kit.clock import Clock
from bot.sim import parcel
from bot.sim.bubbles import Bubble
from bot.sim.seal import Seal, signature
from bot.sim.wire import Entry, Wire

Mode = Literal["plain", "compatible", "aes"]
ATTEMPTS = 3
ATTEMPT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a push."""

    seen: Literal["bubble", "nothing", "failed"]
    attempts: int
    bubble: Bubble | None = None
    reason: str = ""
    """Why it failed, in Chinese."""


class Courier:
    """Carries pushes to the account's webhook."""

    def __init__(
        self,
        settings: WeChat,
        webhook_url: Callable[[], str],
        clock: Clock,
        wire: Wire,
        on_entry: Callable[[Entry], None],
        *,
        account: str,
        mode: Mode,
        body: parcel.Body,
    ) -> None:
        """``account``: the original id; ``on_entry``: told of every attempt."""
        self._settings = settings
        self._webhook_url = webhook_url
        self._clock = clock
        self._wire = wire
        self._on_entry = on_entry
        self._account = account
        self.mode: Mode = mode
        self.body: parcel.Body = body
        self.attempt_seconds = ATTEMPT_SECONDS
        self._session: aiohttp.ClientSession | None = None
        self._message_ids = itertools.count(int(time.time() * 1000) << 10)
        self._seal: Seal | None = None
        if settings.encoding_aes_key:
            self._seal = Seal(settings.token, settings.encoding_aes_key, settings.app_id)

    def next_message_id(self) -> int:
        """A MsgId that was never given out, not by an earlier run either."""
        return next(self._message_ids)

    async def close(self) -> None:
        """Lets go of the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers={"User-Agent": "Mozilla/4.0"})
        return self._session

    def _signed(self) -> dict[str, str]:
        timestamp, nonce = str(int(self._clock().timestamp())), str(secrets.randbelow(10**10))
        return {
            "signature": signature(self._settings.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
        }

    async def knock(self) -> bool:
        """The console's check of the address: the account must answer with the very ``echostr``."""
        query = {**self._signed(), "echostr": str(secrets.randbelow(10**18))}
        async with self._http().get(self._webhook_url(), params=query) as answer:
            return answer.status == 200 and await answer.text() == query["echostr"]

    async def deliver(
        self, openid: str, fields: parcel.Fields, label: str, *, visible: bool = True
    ) -> Outcome:
        """Pushes ``fields`` until the account answers; ``visible``: whether the person gets to see the answer."""
        plain = parcel.write(fields, self.body)
        reason = ""
        for attempt in range(1, ATTEMPTS + 1):
            started = time.perf_counter()
            url, document, sealed = self._packed(openid, fields, plain)
            status, answer, reason = await self._post(url, document)
            opened, bubble, verdict, nonsense = answer, None, reason, False
            if not reason:
                try:
                    opened, bubble = self._judged(answer, openid)
                    verdict = "用户看到回复" if bubble and visible else "收下了，用户看不到什么"
                except parcel.ReplyError as error:
                    verdict, nonsense = str(error), True
            good = not reason and not nonsense
            entry = Entry(
                number=self._wire.next_number(),
                at=self._clock(),
                kind="push",
                label=label,
                openid=openid,
                url=url,
                plain=plain,
                sealed=document if sealed else "",
                status=status,
                answer=opened,
                answer_sealed=answer if opened != answer else "",
                verdict=verdict,
                good=good,
                ms=round((time.perf_counter() - started) * 1000),
                attempt=attempt,
            )
            self._wire.add(entry)
            self._on_entry(entry)
            if good:
                return Outcome("bubble" if bubble else "nothing", attempt, bubble)
            if not reason:
                # It answered in time, if only with nonsense: the platform doesn't ask again.
                return Outcome("failed", attempt, reason=verdict)
        return Outcome("failed", ATTEMPTS, reason=reason)

    def _packed(self, openid: str, fields: parcel.Fields, plain: str) -> tuple[str, str, bool]:
        query = {**self._signed(), "openid": openid}
        document = plain
        sealed = self.mode != "plain"
        if sealed:
            if self._seal is None:
                raise ValueError("no EncodingAESKey to seal pushes with")
            encrypted = self._seal.close(plain)
            query["encrypt_type"] = "aes"
            query["msg_signature"] = self._seal.sign(query["timestamp"], query["nonce"], encrypted)
            shown = fields if self.mode == "compatible" else {"ToUserName": self._account}
            document = parcel.write({**shown, "Encrypt": encrypted}, self.body)
        return f"{self._webhook_url()}?{urlencode(query)}", document, sealed

    async def _post(self, url: str, document: str) -> tuple[int, str, str]:
        """Status, body, and the reason why this attempt must be repeated (empty: it needn't)."""
        content_type = "application/json" if self.body == "json" else "text/xml"
        try:
            async with (
                asyncio.timeout(self.attempt_seconds),
                self._http().post(
                    url, data=document.encode(), headers={"Content-Type": content_type}, allow_redirects=False
                ) as answer,
            ):
                raw = await answer.read()
        except TimeoutError:
            return 0, "", f"{self.attempt_seconds:g} 秒内没有回应"
        except aiohttp.ClientError as error:
            return 0, "", f"连不上（{type(error).__name__}）"
        text = raw.decode("utf-8", "replace")
        return answer.status, text, "" if answer.status == 200 else f"回应的状态码是 {answer.status}"

    def _judged(self, answer: str, openid: str) -> tuple[str, Bubble | None]:
        if answer in ("", "success"):
            return answer, None
        opened = answer
        if self._seal is not None and self.mode != "plain":
            inner = parcel.unseal(answer, self._seal)
            if inner is None and self.mode == "aes":
                raise parcel.ReplyError("安全模式下，回复没有加密")
            opened = answer if inner is None else inner
        return opened, parcel.show(opened, openid, self._account)
