"""How a letter reaches a person: customer service while the window is open, else a template message, else a subscribe
notification that they agreed to, else it waits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
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
from models.due import Route
from models.letter import CUSTOM, SUBSCRIPTION, TEMPLATE, Letter, Outcome, PauseAsked, Verdict
from models.pause import BROKEN, Pause

# What an account may send of its own accord. A subscription account could be verified and then write to open windows,
# but its setting does not say so, and a call without the right costs an error; so the lesser right is assumed.
_MAY: Mapping[str, frozenset[str]] = {
    "service_verified": frozenset((CUSTOM, TEMPLATE, SUBSCRIPTION)),
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
FILLING_S = 3600.0
"""Seconds in which a template is not tried after its fields were refused: it may have been this one letter's fault."""
LATELY = timedelta(seconds=5)
"""How long what this process found out itself counts although the database may not know it yet."""
FOREVER = "forever"
"""The word behind a template's id that says that people agree to it once and for ever (长期订阅)."""
_PER_MINUTE = 45011
_NO_SUCH_TEMPLATE = 40037
_BAD_FIELDS = 47003
_NO_CONSENT = 43101
# Quotas begin anew at midnight there; China has had no summer time since 1991, so the offset is enough.
_SHANGHAI = timezone(timedelta(hours=8))

log = structlog.get_logger(__name__)


class Sender(Protocol):
    """The calls that channels need of the client."""

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

    async def send_subscription(self, openid: str, template_id: str, data: Mapping[str, str]) -> None:
        """A subscribe notification."""


class Template:
    """One entry of ``[wechat.templates]`` or ``[wechat.subscriptions]``: the template's id, then how its keywords are
    filled.

    ``"TPL_ID thing1=title character_string2=number"``: keyword ``thing1`` takes the letter's fact ``title``. Without
    such pairs the facts go out under their own names.
    """

    def __init__(self, kind: str, setting: str, section: str = "templates") -> None:
        """Raises ConfigError if ``setting`` cannot be read."""
        template_id, *pairs = setting.split() or [""]
        self.id = template_id
        self.standing = FOREVER in pairs
        self._facts: dict[str, str] = {}
        for pair in (each for each in pairs if each != FOREVER):
            keyword, equals, fact = pair.partition("=")
            if not (keyword and equals and fact):
                raise ConfigError(
                    f"`wechat.{section}.{kind}`: {pair!r} is not keyword=fact, such as thing1=title"
                )
            self._facts[keyword] = fact

    def fill(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Keyword to value; a fact that the letter lacks is 无, because the platform refuses empty values (47003)."""
        if not self._facts:
            return {name: value.strip() or "无" for name, value in fields.items()}
        return {keyword: fields.get(fact, "").strip() or "无" for keyword, fact in self._facts.items()}


def read_templates(settings: Mapping[str, str], section: str) -> dict[str, Template]:
    """The templates of a section of the settings by kind. Raises ConfigError where one cannot be read."""
    return {kind: Template(kind, setting, section) for kind, setting in settings.items() if setting.strip()}


def standing_consents(settings: WeChat) -> frozenset[str]:
    """The templates of subscribe notifications to which people agree for ever."""
    read = read_templates(settings.subscriptions, "subscriptions")
    return frozenset(template.id for template in read.values() if template.standing)


class Channels:
    """Delivers letters, falling through from one channel to the next, and keeps to what is paused."""

    def __init__(self, client: Sender, settings: WeChat, clock: Clock = real_clock) -> None:
        """``clock`` tells when a pause is over.

        Raises:
            ConfigError: an entry of ``[wechat.templates]`` or ``[wechat.subscriptions]`` cannot be read.
        """
        self._client = client
        self._clock = clock
        self._may = _MAY[settings.account]
        self._templates = read_templates(settings.templates, "templates")
        self._subscriptions = read_templates(settings.subscriptions, "subscriptions")
        self._paused: dict[str, Pause] = {}
        self._found: dict[str, tuple[datetime, Pause]] = {}
        """What this process was told itself, and when."""
        self.wants_consents = bool(self._subscriptions) and SUBSCRIPTION in self._may

    def heed(self, pauses: Mapping[str, Pause]) -> None:
        """What sends nothing now, as all processes know it."""
        now = self._clock()
        self._found = {name: found for name, found in self._found.items() if now - found[0] < LATELY}
        self._paused = {**pauses, **{name: pause for name, (_, pause) in self._found.items()}}

    def paused(self) -> dict[str, Pause]:
        """The channels and templates that send nothing now: until when, and why."""
        now = self._clock()
        return {name: pause for name, pause in self._paused.items() if not pause.over(now)}

    def route(
        self,
        kind: str,
        *,
        window_open: bool,
        consents: frozenset[str],
        pauses: Mapping[str, Pause],
        now: datetime,
    ) -> Route:
        """The first way that is open to a letter; where all of them are paused, when the first opens again."""
        opens: Pause | None = None
        for channel in self._ways(kind, window_open, consents):
            template = self._template_on(channel, kind)
            if template is not None and self._broken(template, pauses, now):
                continue
            pause = pauses.get(channel)
            if pause is None or pause.over(now):
                return Route(channel)
            if opens is None or (pause.until or _END) < (opens.until or _END):
                opens = pause
        if opens is None:
            return Route("")
        return Route("", opens.until or now + timedelta(seconds=CONFIGURATION_S), opens.reason)

    async def deliver(self, letter: Letter) -> Outcome:
        """One attempt at ``letter`` through every channel open to it.

        Never raises for what the platform or the network does: the verdict says what comes next.
        """
        tried: list[Outcome] = []
        for channel in self._open_to(letter):
            outcome, final = await self._attempt(channel, letter)
            tried.append(outcome)
            if final:
                return _with_findings(outcome, tried)
        if not tried:
            return Outcome(verdict=Verdict.WAIT, reason=self._why_none(letter))
        # All failed. What may yet go through weighs more than what a person must mend, and that more than waiting.
        weightiest = max(tried, key=lambda outcome: _WEIGHT[outcome.verdict])
        reason = "；".join(outcome.reason for outcome in tried)
        return _with_findings(msgspec.structs.replace(weightiest, reason=reason), tried)

    def _open_to(self, letter: Letter) -> list[str]:
        if letter.again:
            # Only a template message is known for a repeat by its number.
            return [TEMPLATE] if self._template(letter.kind) is not None and TEMPLATE in self._may else []
        ways = self._ways(letter.kind, letter.window_open, letter.consents)
        now = self._clock()
        return [
            channel
            for channel in ways
            if (template := self._template_on(channel, letter.kind)) is None
            or not self._broken(template, self._paused, now)
        ]

    def _ways(self, kind: str, window_open: bool, consents: frozenset[str]) -> list[str]:
        """The channels for a kind of letter, paused or not."""
        ways = []
        if window_open and CUSTOM in self._may:
            ways.append(CUSTOM)
        if self._template(kind) is not None and TEMPLATE in self._may:
            ways.append(TEMPLATE)
        subscription = self._subscription(kind)
        if subscription is not None and subscription.id in consents and SUBSCRIPTION in self._may:
            ways.append(SUBSCRIPTION)
        return ways

    def _broken(self, template: Template, pauses: Mapping[str, Pause], now: datetime) -> bool:
        pause = pauses.get(BROKEN + template.id)
        return pause is not None and not pause.over(now)

    def _template(self, kind: str) -> Template | None:
        """The template of a kind of letter, else that of its family: an account has 25 templates in all."""
        return self._templates.get(kind) or self._templates.get(kind.partition("_")[0])

    def _subscription(self, kind: str) -> Template | None:
        return self._subscriptions.get(kind) or self._subscriptions.get(kind.partition("_")[0])

    def _template_on(self, channel: str, kind: str) -> Template | None:
        if channel == CUSTOM:
            return None
        return self._template(kind) if channel == TEMPLATE else self._subscription(kind)

    def _why_none(self, letter: Letter) -> str:
        if not self._may:
            return "公众号的类型不能主动推送，等对方下次来信时告知"
        template = self._template(letter.kind)
        if template is not None and self._broken(template, self._paused, self._clock()):
            return f"{letter.kind} 的模板 {template.id} 用不了，等对方下次来信时告知"
        return f"对方 48 小时内没有互动，也没有为 {letter.kind} 设置模板，等对方下次来信时告知"

    async def _attempt(self, channel: str, letter: Letter) -> tuple[Outcome, bool]:
        """The outcome on ``channel``, and whether it is final: if not, the next channel may be tried."""
        pause = self._paused.get(channel)
        if pause is not None and not pause.over(now := self._clock()):
            wait = CONFIGURATION_S if pause.until is None else (pause.until - now).total_seconds()
            return _outcome(Verdict.RETRY, channel, pause.reason, retry_after_s=wait), False
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
            return self._not_to_them(channel, letter, error), False
        except ApiError as error:
            # PayloadError, and whatever the platform may come to invent.
            return self._not_so(channel, letter, error), False
        template = self._template_on(channel, letter.kind) if channel == SUBSCRIPTION else None
        return Outcome(
            verdict=Verdict.ACCEPTED,
            channel=channel,
            message_id=number,
            template_id="" if template is None else template.id,
        ), True

    async def _send(self, channel: str, letter: Letter) -> str:
        if channel == CUSTOM:
            await self._client.send_text(letter.openid, letter.text)
            return ""
        template = self._template_on(channel, letter.kind)
        assert template is not None  # noqa: S101 - or this channel was not open
        data = template.fill(letter.fields)
        if channel == SUBSCRIPTION:
            await self._client.send_subscription(letter.openid, template.id, data)
            return ""
        return await self._client.send_template(
            letter.openid, template.id, data, client_msg_id=letter.client_msg_id
        )

    def _not_to_them(self, channel: str, letter: Letter, error: RecipientError) -> Outcome:
        outcome = _outcome(Verdict.WAIT, channel, explain(error))
        template = self._subscription(letter.kind)
        if channel != SUBSCRIPTION or error.errcode != _NO_CONSENT or template is None:
            return outcome
        return msgspec.structs.replace(outcome, refused_template=template.id)

    def _not_so(self, channel: str, letter: Letter, error: ApiError) -> Outcome:
        """What was sent is wrong. If it is the template, that one rests, and its letters go other ways or wait."""
        template = self._template_on(channel, letter.kind)
        if template is None or error.errcode not in (_NO_SUCH_TEMPLATE, _BAD_FIELDS):
            return _outcome(Verdict.DEAD, channel, explain(error))
        reason = f"{letter.kind} 的模板 {template.id}：{explain(error)}"
        seconds = None if error.errcode == _NO_SUCH_TEMPLATE else FILLING_S
        asked = self._note(BROKEN + template.id, seconds, reason)
        log.warning(
            "template_refused", kind=letter.kind, template=template.id, errcode=error.errcode, rid=error.rid
        )
        return msgspec.structs.replace(
            _outcome(Verdict.WAIT, channel, f"{reason}，等对方下次来信时告知"), pauses=(asked,)
        )

    def _pause(self, channel: str, error: ApiError, seconds: float) -> Outcome:
        reason = explain(error)
        asked = self._note(channel, seconds, f"{_NAMES[channel]}：{reason}")
        log.warning(
            "channel_paused", channel=channel, seconds=round(seconds), errcode=error.errcode, rid=error.rid
        )
        outcome = _outcome(Verdict.RETRY, channel, reason, retry_after_s=seconds)
        return msgspec.structs.replace(outcome, pauses=(asked,))

    def _note(self, name: str, seconds: float | None, reason: str) -> PauseAsked:
        """Keeps to it from now on; the database, and so the other processes, learn it with the outcome."""
        now = self._clock()
        pause = Pause(None if seconds is None else now + timedelta(seconds=seconds), reason)
        self._paused[name], self._found[name] = pause, (now, pause)
        return PauseAsked(name, seconds, reason)

    def _until_midnight(self) -> float:
        now = self._clock().astimezone(_SHANGHAI)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return (midnight - now).total_seconds()


_WEIGHT = {Verdict.RETRY: 2, Verdict.DEAD: 1, Verdict.WAIT: 0, Verdict.ACCEPTED: 3}
_NAMES = {CUSTOM: "客服消息", TEMPLATE: "模板消息", SUBSCRIPTION: "订阅通知"}
_END = datetime.max.replace(tzinfo=UTC)


def _with_findings(outcome: Outcome, tried: list[Outcome]) -> Outcome:
    """The outcome that counts, with what the other attempts brought to light."""
    if len(tried) == 1:
        return outcome
    return msgspec.structs.replace(
        outcome,
        pauses=tuple(pause for each in tried for pause in each.pauses),
        refused_template=next((each.refused_template for each in tried if each.refused_template), ""),
    )


def _outcome(verdict: Verdict, channel: str, reason: str, *, retry_after_s: float = 0.0) -> Outcome:
    return Outcome(
        verdict=verdict,
        channel=channel,
        reason=reason if reason.startswith(_NAMES[channel]) else f"{_NAMES[channel]}：{reason}",
        retry_after_s=retry_after_s,
    )


def _after_transient(channel: str, error: TransientError) -> Outcome:
    if error.uncertain and channel != TEMPLATE:
        # It may be on the person's phone already, and nothing would keep a second one off it.
        outcome = _outcome(
            Verdict.WAIT, channel, f"{explain(error)}，不知是否已送达，不再重发，等对方下次来信时告知"
        )
    else:
        # A template message carries its client_msg_id: the platform drops the repeat if the first one arrived.
        seconds = MINUTE_S if error.errcode == _PER_MINUTE else RETRY_S
        outcome = _outcome(Verdict.RETRY, channel, explain(error), retry_after_s=seconds)
    return msgspec.structs.replace(outcome, uncertain=error.uncertain)
