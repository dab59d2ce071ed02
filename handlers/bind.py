"""绑定：姓名加手机号，名册上有就登记好；没有，请支部联络员认一认。"""

from __future__ import annotations

import re

from bot.kit.context import Context
from bot.kit.dialogue import Step
from bot.kit.lists import MOST_CHOICES, numbered
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router, Who
from bot.kit.who import name_desk
from bot.kit.words import choice, is_yes, plain
from models.admission import Roster, bind, decide, look_up
from models.identity import BindingRequest
from models.member import clean_name, clean_phone

on = Router()


class GiveName(Step, frozen=True):
    """等他发姓名。"""

    phone: str = ""


class GivePhone(Step, frozen=True):
    """等他发手机号。"""

    name: str


class OtherName(Step, frozen=True):
    """名册上是另一个名字，等他说要不要请联络员核对。"""

    name: str
    phone: str
    organisation_id: int


class Branch(Step, frozen=True):
    """等他说是哪个支部；``offered`` 是列出来让他选的。"""

    name: str
    phone: str
    offered: tuple[int, ...] = ()


_PHONE = re.compile(r"(?<!\d)(?:\+?86[\s-]?)?1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)")
_NAME = r"[\u3400-\u7683\u7685-\u9fff·]"
"""A character of a name: any Han character but 的, which stands between a place and a name."""
_CALLED = re.compile(rf"(?:我叫|名叫|叫做|叫|姓名是?|名字是?|本人|我是|是)({_NAME}{{2,10}})$")
_OWN = re.compile(rf"的({_NAME}{{2,10}})$")
_WHERE = re.compile(r"([\u3400-\u9fff]{2,20}?)(?:党支部|支部|党总支|党委|村|嘎查|社区|单位|局|公司|合作社)的")
_BEFORE = re.compile(r"^(?:绑定|登记|注册|老?党员)+")
_FILLER = re.compile(r"(?:绑定|登记|注册|党员|我的|姓名|名字|手机号?码?|电话号?码?|号码|联系方式|是)+$")


def read_name_and_phone(text: str) -> tuple[str, str]:
    """The name and phone in a text like ``我是东沟村支部的张建国，13800001111``; empty where not found."""
    text = plain(text)
    phone = ""
    if found := _PHONE.search(text):
        phone = re.sub(r"\D", "", found[0])[-11:]
        text = text[: found.start()] + " " + text[found.end() :]
    pieces = [
        _FILLER.sub("", _BEFORE.sub("", piece)) for piece in re.split(r"[\s,，。:;；、/|()（）]+", text)
    ]
    pieces = [piece for piece in pieces if piece]
    for pattern in (_CALLED, _OWN):
        for piece in pieces:
            if found := pattern.search(piece):
                return _BEFORE.sub("", found[1]), phone
    whole = [piece for piece in pieces if re.fullmatch(rf"{_NAME}{{2,10}}", piece)]
    return (min(whole, key=len), phone) if whole else ("", phone)


@on.command("绑定", "登记", takes="words", who=Who.ANYONE)
def start(ctx: Context) -> Reply:
    """绑定 姓名 手机号。"""
    if ctx.person is not None:
        return ctx.say("bind.already", name=ctx.person.name, organisation=ctx.person.organisation)
    name, phone = read_name_and_phone(ctx.rest)
    return recognise(ctx, name, phone)


@on.intent("bind", who=Who.ANYONE)
def introduced(ctx: Context) -> Reply | Pass:
    """没说“绑定”，但报了家门。"""
    if ctx.person is not None:
        return PASS
    name, phone = read_name_and_phone(ctx.text)
    return recognise(ctx, name, phone) if name or phone else PASS


@on.step(GiveName, who=Who.ANYONE)
def named(ctx: Context, step: GiveName) -> Reply | Pass:
    """发来了姓名。"""
    name, phone = read_name_and_phone(ctx.text)
    if not ctx.text:
        return PASS
    return recognise(ctx, name or clean_name(ctx.text), phone or step.phone)


@on.step(GivePhone, who=Who.ANYONE)
def phoned(ctx: Context, step: GivePhone) -> Reply | Pass:
    """发来了手机号。"""
    if not ctx.text:
        return PASS
    _, phone = read_name_and_phone(ctx.text)
    return recognise(ctx, step.name, phone or clean_phone(ctx.text))


def recognise(ctx: Context, name: str, phone: str) -> Reply:
    """Asks for what is missing, then asks the roster."""
    if not name:
        return ctx.ask("bind.ask_name", then=GiveName(phone))
    name = clean_name(name)
    if not phone:
        return ctx.ask("bind.ask_phone", then=GivePhone(name), name=name)
    known, member = look_up(ctx.unit, name=name, phone=phone)
    if known is Roster.KNOWS and member is not None:
        bind(ctx.unit, ctx.unit.identities.of(ctx.openid), member, ctx.now)
        organisation = ctx.card(member.organisation_id).name
        return ctx.say("bind.done", name=name, organisation=organisation)
    if known is Roster.OTHER_NAME and member is not None:
        return ctx.ask("bind.other_name", then=OtherName(name, phone, member.organisation_id))
    scene = ctx.arrival.scene
    if scene.startswith("org:") and (branch := ctx.unit.organisations.by_code(scene[4:])) is not None:
        return request(ctx, name, phone, branch.id)
    if found := _WHERE.search(plain(ctx.text)):
        return _offer(ctx, Branch(name, phone), found[1])
    return ctx.ask("bind.ask_branch", then=Branch(name, phone))


@on.step(OtherName, who=Who.ANYONE)
def insisted(ctx: Context, step: OtherName) -> Reply | Pass:
    """没打错，请联络员核对。"""
    return request(ctx, step.name, step.phone, step.organisation_id) if is_yes(ctx.text) else PASS


@on.step(Branch, who=Who.ANYONE)
def branch_named(ctx: Context, step: Branch) -> Reply | Pass:
    """说了哪个支部，或者选了一个。"""
    if not ctx.text:
        return PASS
    number = choice(ctx.text)
    if step.offered and number is not None:
        if 1 <= number <= len(step.offered):
            return request(ctx, step.name, step.phone, step.offered[number - 1])
        return ctx.ask("bind.ask_branch", then=Branch(step.name, step.phone))
    return _offer(ctx, step, plain(ctx.text))


def _offer(ctx: Context, step: Branch, words: str) -> Reply:
    words = re.sub(r"(?:党支部|支部|党总支|党委|村委会|的)+$", "", words) or words
    found = ctx.unit.organisations.named_like(words, MOST_CHOICES) if len(words) >= 2 else []
    if not found:
        return ctx.ask("bind.no_branch", then=Branch(step.name, step.phone), words=words[:12])
    return ctx.ask(
        "bind.which_branch",
        then=Branch(step.name, step.phone, tuple(each.id for each in found)),
        choices=numbered(each.name for each in found),
    )


def request(ctx: Context, name: str, phone: str, organisation_id: int) -> Reply:
    """The roster does not know the person: the branch's liaison officer is asked."""
    ctx.unit.identities.of(ctx.openid).agree(ctx.now)
    ctx.unit.identities.ask(
        BindingRequest.ask(
            openid=ctx.openid,
            name=name,
            phone=phone,
            organisation_id=organisation_id,
            vault=ctx.unit.vault,
            now=ctx.now,
        )
    )
    card = ctx.card(organisation_id)
    who = name_desk(card)
    if not who:
        return ctx.say("bind.requested_nobody", name=name, organisation=card.name)
    return ctx.say("bind.requested", name=name, who=who)


@on.command("同意", takes="number")
def approve(ctx: Context) -> Reply:
    """联络员：同意 3。"""
    return _decide(ctx, approved=True)


@on.command("不同意", takes="number")
def refuse(ctx: Context) -> Reply:
    """联络员：不同意 3。"""
    return _decide(ctx, approved=False)


def _decide(ctx: Context, *, approved: bool) -> Reply:
    number = ctx.number or 0
    offices = ctx.unit.organisations.offices_of(ctx.member.member_id, ctx.now)
    asked = ctx.unit.identities.request(number, decided_by=offices)
    name = asked.name(ctx.unit.vault)
    decide(ctx.unit, asked, approved=approved, by=ctx.member, now=ctx.now)
    organisation = ctx.card(asked.organisation_id).name
    key = "bind.decided_yes" if approved else "bind.decided_no"
    return ctx.say(key, number=number, name=name, organisation=organisation)
