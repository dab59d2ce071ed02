"""提供资源：说一句能出什么就行；最多再问两样，就上清单。任职的人说了就算，别的党员说了，等支部看过。"""

from __future__ import annotations

import re
from datetime import date

import msgspec

from bot.kit import terms
from bot.kit.context import Context, Reading
from bot.kit.days import say_day
from bot.kit.dialogue import Step
from bot.kit.lists import shorten
from bot.kit.message import Reply
from bot.kit.router import PASS, Pass, Router
from bot.kit.who import name_desk
from bot.kit.words import choice, plain
from models.offering import Circle
from models.place import county_of
from models.supply import Supply

on = Router()

CATEGORIES = ("农业技术", "产销对接", "就业培训", "其他")
"""What is offered most often; anything else is said in words."""
_PHONE = re.compile(
    r"[，,、；;\s]*(?:我?的?(?:联系)?(?:电话|手机)号?码?[是：:\s]*)?(?<!\d)(?:\+?86[\s-]?)?1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)"
)
"""A phone stands on no list: whoever chooses is called."""
_ORDER = re.compile(r"^(?:我要)?提供资源[\s，,：:]*")
_MODAL = re.compile(r"(?:可以|能够|愿意|可|能|想)(?:为大家|给大家)?(?:提供)?(?P<what>[^，。；,;！!？?]{2,})")
_HAVE = re.compile(r"有(?P<what>[^，。；,;]{2,14}?)(?:可以|可|能|愿意|，|,|。|$)")
_LENT = re.compile(r"^(?:给|借|让|供|拿)")
_OWNER = re.compile(r"^(?:我|俺|咱)们?(?:家|村|单位|支部|公司|合作社|这儿?|这里)?")
LONGEST_ANSWER = 12
"""Characters; what is longer is no answer to a small question but something else."""
LONGEST_TITLE = 20
SHORTEST = 5
"""Characters; less than that does not say what is offered."""
MOST_QUESTIONS = 2


class Offering(Step, frozen=True):
    """等他说能提供什么。"""


class Terms(Step, frozen=True):
    """等他补上缺的：``asks`` 里头一样是正在问的。"""

    text: str
    category: str
    quantity: str
    capacity: int | None
    until: date | None
    asks: tuple[str, ...]


@on.command("提供资源", "我要提供资源", takes="words")
def offer(ctx: Context) -> Reply:
    """提供资源：后面带着话就直接记，没带就请他说。"""
    if len(plain(ctx.rest)) >= SHORTEST:
        return begin(ctx, ctx.mind.read(ctx.rest, ctx.now))
    return ctx.ask("offer.what", then=Offering())


@on.intent("offer")
def understood(ctx: Context) -> Reply:
    """听出来是能出力、出东西的。"""
    if len(plain(ctx.text)) < SHORTEST:
        return ctx.ask("offer.what", then=Offering())
    return begin(ctx, ctx.reading)


@on.step(Offering)
def described(ctx: Context, step: Offering) -> Reply | Pass:
    """说了能提供什么。"""
    if not ctx.text:
        return PASS
    if len(plain(ctx.text)) < SHORTEST:
        return ctx.ask("offer.too_short", then=step)
    return begin(ctx, ctx.reading)


def begin(ctx: Context, reading: Reading) -> Reply:
    """Reads the offer, and asks for what is missing: at most two things."""
    understood = reading.understanding
    until, capacity = terms.last_of(understood.deadline), terms.places(reading.text)
    if until is not None and until < ctx.today:
        until = None  # a day that is over was no day until which
    asks: tuple[str, ...] = () if understood.category else ("category",)
    if until is None and "长期" not in reading.text:
        asks += ("until",)
    if capacity is None and "不限" not in reading.text:
        asks += ("count",)
    return _go_on(
        ctx,
        Terms(
            text=_ORDER.sub("", _PHONE.sub("", reading.text)).strip(),
            category=understood.category or "",
            quantity="、".join(understood.slots.quantity[:3]),
            capacity=capacity,
            until=until,
            asks=asks[:MOST_QUESTIONS],
        ),
    )


def _go_on(ctx: Context, step: Terms) -> Reply:
    if not step.asks:
        return _file(ctx, step)
    title = name_offer(step.text)
    match step.asks[0]:
        case "category":
            return ctx.ask("offer.ask_category", then=step, title=title)
        case "until":
            return ctx.ask("offer.ask_until", then=step, title=title)
        case _:
            return ctx.ask("offer.ask_count", then=step, title=title)


@on.step(Terms)
def filled(ctx: Context, step: Terms) -> Reply | Pass:
    """补上了一样。"""
    if not ctx.text:
        return PASS
    rest = msgspec.structs.replace(step, asks=step.asks[1:])
    match step.asks[0]:
        case "category":
            rest = msgspec.structs.replace(rest, category=_category(ctx))
        case "until":
            until = terms.last_day(
                ctx.text, ctx.today, lambda text: ctx.mind.read(text, ctx.now).understanding.deadline
            )
            if until is None:
                return ctx.ask("offer.ask_until_again", then=step) if _answers(ctx) else PASS
            rest = msgspec.structs.replace(rest, until=until[0])
        case _:
            count = terms.count(ctx.text)
            if count is None:
                return ctx.ask("offer.ask_count_again", then=step) if _answers(ctx) else PASS
            rest = msgspec.structs.replace(rest, capacity=count[0])
    return _go_on(ctx, rest)


def _answers(ctx: Context) -> bool:
    """Whether a text may be meant as an answer, though it is none that can be read."""
    return len(plain(ctx.text)) <= LONGEST_ANSWER


def _category(ctx: Context) -> str:
    chosen = choice(ctx.text)
    if chosen is not None and 1 <= chosen <= len(CATEGORIES):
        return CATEGORIES[chosen - 1]
    labels = [category.label for category in ctx.unit.categories.all()]
    named = next((label for label in labels if label in ctx.text or ctx.text in label), None)
    return named or ctx.understanding.category or CATEGORIES[-1]


def name_offer(text: str) -> str:
    """What an offer is called on the list.

    ``我们合作社可以免费教嫁接`` → 免费教嫁接, ``有三间空房可以给村里用`` → 三间空房, ``有收割机，秋收可以帮邻村`` → 收割机，帮邻村.
    """
    text = plain(text)
    able, have = _MODAL.search(text), _HAVE.search(text)
    if able is not None and not (have is not None and _LENT.match(able["what"])):
        thing = f"{have['what']}，" if have is not None and have.end() <= able.start() else ""
        return shorten(thing + able["what"], LONGEST_TITLE)
    if have is not None:
        return shorten(have["what"], LONGEST_TITLE)
    return shorten(_OWNER.sub("", text) or text, LONGEST_TITLE)


def _file(ctx: Context, step: Terms) -> Reply:
    """Puts it on file: on offer at once where an officer speaks, else for an officer to look at."""
    member = ctx.member
    offices = ctx.unit.supplies.agent(member, ctx.now).offices
    organisation_id = member.organisation_id
    if offices and organisation_id not in offices:
        organisation_id = min(offices)
    card = ctx.card(organisation_id)
    county = county_of(card.region)
    circle = Circle.CONSORTIUM if card.consortium_id is not None else Circle.COUNTY
    limits = _limits(ctx, step)
    supply = ctx.unit.supplies.propose(
        Supply.propose(
            code=ctx.unit.supplies.next_code(),
            title=name_offer(step.text),
            detail=step.text,
            category=step.category,
            organisation_id=organisation_id,
            unit_name=card.name,
            # A partner from another city offers it to those of this one.
            area=county if card.region.startswith(county) else "",
            quantity=step.quantity,
            capacity=step.capacity,
            valid_until=step.until,
            circle=circle,
            by=member,
            contact=member.name,
            reviewed=organisation_id in offices,
            vault=ctx.unit.vault,
            now=ctx.now,
        ),
        by=member,
        terms=limits,
    )
    if organisation_id in offices:
        return ctx.say(
            "offer.listed",
            code=supply.code,
            title=supply.title,
            unit=supply.unit_name,
            limits=limits,
            circle=circle.label,
        )
    chair = ctx.card(member.chair_id) if member.chair_id is not None else card
    who = name_desk(card, to=member) or name_desk(chair, to=member) or card.name
    return ctx.say(
        "offer.waits", code=supply.code, title=supply.title, unit=supply.unit_name, limits=limits, who=who
    )


def _limits(ctx: Context, step: Terms) -> str:
    until = step.until
    day = (
        ctx.texts.say("offer.always")
        if until is None
        else ctx.texts.say("offer.until", day=say_day(until, ctx.today))
    )
    if step.capacity is None:
        return day
    return day + ctx.texts.say("offer.count", count=step.capacity)
