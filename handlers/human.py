"""人工、投诉、建议、语音，和眼下还由人登记的事：把话交到人手里。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.message import Reply, Voice
from bot.kit.router import PASS, Pass, Router, Who
from bot.kit.who import name_desk, who_hears
from bot.kit.words import plain
from models.appeal import AppealKind

on = Router()

SHORTEST = 6
"""Characters: 我要投诉 and 我们要举报 say nothing yet of what happened."""


class SayIt(Step, frozen=True):
    """等他说投诉、建议的内容。"""

    kind: str


@on.escape("人工", "找人", "找人工", "转人工", "9", "9号", "找真人")
@on.intent("human", who=Who.ANYONE)
def person(ctx: Context) -> Reply:
    """人工：告诉联络员和轮值单位，有人要说话。"""
    if ctx.person is None:
        return ctx.say("human.newcomer")
    ctx.end()
    _hand_over(ctx, AppealKind.HUMAN, ctx.text, ctx.member.organisation_id)
    who = name_desk(ctx.card(ctx.member.organisation_id), to=ctx.member) or who_hears(ctx)
    return ctx.say(
        "human.human" if who else "human.human_nobody", who=who, organisation=ctx.member.organisation
    )


@on.command("投诉", takes="words")
def complain(ctx: Context) -> Reply:
    """投诉：交给上一级。"""
    return (
        _upwards(ctx, AppealKind.COMPLAINT, ctx.rest)
        if ctx.rest
        else ctx.ask("human.complaint_ask", then=SayIt(AppealKind.COMPLAINT.value))
    )


@on.command("建议", "提建议", takes="words")
def suggest(ctx: Context) -> Reply:
    """建议：交给上一级。"""
    return (
        _upwards(ctx, AppealKind.SUGGESTION, ctx.rest)
        if ctx.rest
        else ctx.ask("human.suggestion_ask", then=SayIt(AppealKind.SUGGESTION.value))
    )


@on.pattern(r"^(?:我|俺)(?:们)?(?:要|想|得)?(?:投诉|举报|告)(?!诉)")
def complain_in_a_sentence(ctx: Context) -> Reply:
    """我要投诉税务局，……：跟“投诉”一样，交给上一级；没说投诉什么，就问。"""
    if len(plain(ctx.text)) <= SHORTEST:
        return ctx.ask("human.complaint_ask", then=SayIt(AppealKind.COMPLAINT.value))
    return _upwards(ctx, AppealKind.COMPLAINT, ctx.text)


@on.step(SayIt)
def said(ctx: Context, step: SayIt) -> Reply | Pass:
    """说了内容。"""
    return _upwards(ctx, AppealKind(step.kind), ctx.text) if plain(ctx.text) else PASS


def _upwards(ctx: Context, kind: AppealKind, text: str) -> Reply:
    """A level above the person's own organisation; where there is none, the organisation itself."""
    own = ctx.unit.organisations.get(ctx.member.organisation_id)
    above = own.parent_id or own.id
    appeal = _hand_over(ctx, kind, text, above)
    return ctx.say(f"human.{kind.value}", number=appeal, organisation=ctx.card(above).name)


def _hand_over(ctx: Context, kind: AppealKind, text: str, organisation_id: int, media_id: str = "") -> int:
    return ctx.unit.appeals.make(
        kind=kind,
        text=text,
        by=ctx.member,
        organisation_id=organisation_id,
        received_key=ctx.message.key,
        now=ctx.now,
        media_id=media_id,
    )


@on.event(Voice)
def voice(ctx: Context) -> Reply | Pass:
    """语音：先应一声，交联络员听写。平台带了文字的，照文字办。"""
    message = ctx.message
    if not isinstance(message, Voice) or message.transcript:
        return PASS
    if ctx.person is None:
        return ctx.say("human.voice_newcomer")
    _hand_over(ctx, AppealKind.VOICE, "", ctx.member.organisation_id, message.media_id)
    who = name_desk(ctx.card(ctx.member.organisation_id), to=ctx.member)
    return ctx.say("human.voice" if who else "human.voice_nobody", who=who)
