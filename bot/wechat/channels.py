"""How a letter reaches a person: customer service while the window is open, else a template message, else it waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Protocol

import msgspec
import structlog

from bot.config import ConfigError, WeChat
from bot.kit.clock import Clock, real_clock
from bot.wechat.errors import (
    ApiError,
    ConfigurationError,
    QuotaError,
    RecipientError,
    TokenError,
    TransientError,
    explain,
)
from models.letter import Letter, Outcome, Verdict

CUSTOM = "custom"
TEMPLATE = "template"

# What an account may send of its own accord. A subscription account could be verified and then write to open windows,
# but its setting does not say so, and a call without the right costs an error; so the lesser right is assumed.
_MAY: Mapping[str, frozenset[str]] = {
    "service_verified": frozenset((CUSTOM, TEMPLATE)),
    "service_unverified": frozenset(),
    "subscription": frozenset(),
}

RETRY_S = 5.0
"""Seconds. The first step of a back-off; the outbox lengthens it. Under ten minutes in all, a repeated template message
is dropped by the platform thanks to its client_msg_id."""
MINUTE_S = 60.0
"""Seconds after 45011, the limit per minute."""
TOKEN_S = 60.0
"""Seconds after a token that even a fresh one could not mend."""
CONFIGURATION_S = 600.0
"""Seconds without further calls after an error that only a person can mend."""
_PER_MINUTE = 45011
# Quotas begin anew at midnight there; China has had no summer time since 1991, so the offset is enough.
_SHANGHAI = timezone(timedelta(hours=8))

log = structlog.get_logger(__name__)


class Sender(Protocol):
    """The two calls that channels need of the client."""

    async def send_text(self, openid: str, text: str) -> None:
        """A customer-service message."""

    async def send_template(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        client_msg_id: str = "",
        url: str = "",
    ) -> str:
        """A template message; gives its number."""


class Template:
    """One entry of ``[wechat.templates]``: the template's id, then how its keywords are filled.

    ``"TPL_ID thing1=title character_string2=number"``: keyword ``thing1`` takes the letter's fact ``title``. Without
    such pairs the facts go out under their own names.
    """

    def __init__(self, kind: str, setting: str) -> None:
        """Raises ConfigError if ``setting`` cannot be read."""
        template_id, *pairs = setting.split() or [""]
        self.id = template_id
        self._facts: dict[str, str] = {}
        for pair in pairs:
            keyword, equals, fact = pair.partition("=")
            if not (keyword and equals and fact):
                raise ConfigError(
                    f"`wechat.templates.{kind}`: {pair!r} is not keyword=fact, such as thing1=title"
                )
            self._facts[keyword] = fact

    def fill(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Keyword to value; a fact that the letter lacks is 无, because the platform refuses empty values (47003)."""
        if not self._facts:
            return {name: value.strip() or "无" for name, value in fields.items()}
        return {keyword: fields.get(fact, "").strip() or "无" for keyword, fact in self._facts.items()}


class Channels:
    """Delivers letters, falling through from one channel to the next, and remembers which are paused."""

    def __init__(self, client: Sender, settings: WeChat, clock: Clock = real_clock) -> None:
        """``clock`` tells when a pause is over.

        Raises:
            ConfigError: an entry of ``[wechat.templates]`` cannot be read.
        """
        self._client = client
        self._clock = clock
        self._may = _MAY[settings.account]
        self._templates = {
            kind: Template(kind, setting) for kind, setting in settings.templates.items() if setting.strip()
        }
        self._paused: dict[str, tuple[datetime, str]] = {}

    def paused(self) -> dict[str, tuple[datetime, str]]:
        """The channels that send nothing now: until when, and why."""
        now = self._clock()
        return {channel: pause for channel, pause in self._paused.items() if pause[0] > now}

    async def deliver(self, letter: Letter) -> Outcome:
        """One attempt at ``letter`` through every channel open to it.

        Never raises for what the platform or the network does: the verdict says what comes next.
        """
        tried: list[Outcome] = []
        for channel in self._open_to(letter):
            outcome, final = await self._attempt(channel, letter)
            if final:
                return outcome
            tried.append(outcome)
        if not tried:
            return Outcome(verdict=Verdict.WAIT, reason=self._why_none(letter))
        # All failed. What may yet go through weighs more than what a person must mend, and that more than waiting.
        weightiest = max(tried, key=lambda outcome: _WEIGHT[outcome.verdict])
        return msgspec.structs.replace(weightiest, reason="；".join(outcome.reason for outcome in tried))

    def _open_to(self, letter: Letter) -> list[str]:
        channels = []
        if letter.window_open and CUSTOM in self._may:
            channels.append(CUSTOM)
        if self._template(letter.kind) is not None and TEMPLATE in self._may:
            channels.append(TEMPLATE)
        return channels

    def _template(self, kind: str) -> Template | None:
        """The template of a kind of letter, else that of its family: an account has 25 templates in all."""
        return self._templates.get(kind) or self._templates.get(kind.partition("_")[0])

    def _why_none(self, letter: Letter) -> str:
        if not self._may:
            return "公众号的类型不能主动推送，等对方下次来信时告知"
        return f"对方 48 小时内没有互动，也没有为 {letter.kind} 设置模板，等对方下次来信时告知"

    async def _attempt(self, channel: str, letter: Letter) -> tuple[Outcome, bool]:
        """The outcome on ``channel``, and whether it is final: if not, the next channel may be tried."""
        if pause := self.paused().get(channel):
            until, why = pause
            wait = (until - self._clock()).total_seconds()
            return _outcome(Verdict.RETRY, channel, why, retry_after_s=wait, pause_channel_s=wait), False
        try:
            number = await self._send(channel, letter)
        except TransientError as error:
            return _after_transient(channel, error), True
        except TokenError as error:
            return _outcome(Verdict.RETRY, channel, explain(error), retry_after_s=TOKEN_S), True
        except QuotaError as error:
            return self._pause(channel, error, self._until_midnight()), False
        except ConfigurationError as error:
            return self._pause(channel, error, CONFIGURATION_S), False
        except RecipientError as error:
            return _outcome(Verdict.WAIT, channel, explain(error)), False
        except ApiError as error:
            # PayloadError, and whatever the platform may come to invent.
            return _outcome(Verdict.DEAD, channel, explain(error)), False
        return Outcome(verdict=Verdict.ACCEPTED, channel=channel, message_id=number), True

    async def _send(self, channel: str, letter: Letter) -> str:
        if channel == CUSTOM:
            await self._client.send_text(letter.openid, letter.text)
            return ""
        template = self._template(letter.kind)
        assert template is not None  # noqa: S101 - or this channel was not open
        return await self._client.send_template(
            letter.openid, template.id, template.fill(letter.fields), client_msg_id=letter.client_msg_id
        )

    def _pause(self, channel: str, error: ApiError, seconds: float) -> Outcome:
        reason = explain(error)
        self._paused[channel] = (self._clock() + timedelta(seconds=seconds), reason)
        log.warning(
            "channel_paused", channel=channel, seconds=round(seconds), errcode=error.errcode, rid=error.rid
        )
        return _outcome(Verdict.RETRY, channel, reason, retry_after_s=seconds, pause_channel_s=seconds)

    def _until_midnight(self) -> float:
        now = self._clock().astimezone(_SHANGHAI)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return (midnight - now).total_seconds()


_WEIGHT = {Verdict.RETRY: 2, Verdict.DEAD: 1, Verdict.WAIT: 0, Verdict.ACCEPTED: 3}
_NAMES = {CUSTOM: "客服消息", TEMPLATE: "模板消息"}


def _outcome(
    verdict: Verdict, channel: str, reason: str, *, retry_after_s: float = 0.0, pause_channel_s: float = 0.0
) -> Outcome:
    return Outcome(
        verdict=verdict,
        channel=channel,
        reason=f"{_NAMES[channel]}：{reason}",
        retry_after_s=retry_after_s,
        pause_channel_s=pause_channel_s,
    )


def _after_transient(channel: str, error: TransientError) -> Outcome:
    if error.uncertain and channel == CUSTOM:
        # It may be on the person's phone already, and nothing would keep a second one off it.
        return _outcome(
            Verdict.WAIT, channel, f"{explain(error)}，不知是否已送达，不再重发，等对方下次来信时告知"
        )
    # A template message carries its client_msg_id: the platform drops the repeat if the first one arrived.
    seconds = MINUTE_S if error.errcode == _PER_MINUTE else RETRY_S
    return _outcome(Verdict.RETRY, channel, explain(error), retry_after_s=seconds)
