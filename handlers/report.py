"""报需求、报问题：说一句话就记下；缺了什么最多问两样；问着问着不说了，十分钟后自己报上去。"""

from __future__ import annotations

from datetime import timedelta

from bot.kit.context import Context, Reading
from bot.kit.dialogue import Choose, Step
from bot.kit.lists import numbered, shorten
from bot.kit.message import Image, Reply, Silence
from bot.kit.router import PASS, Pass, Router
from bot.kit.who import who_hears
from bot.kit.words import BOTH, choice, is_no, is_yes, leading_number, plain
from models.case import REPEAT_WINDOW, Case, CaseVerbs, NewCase
from models.life import CaseKind, CaseState
from models.vault import mask_text

on = Router()

SAME_MATTER = 0.6
"""From this likeness on two reports of one branch are asked about: below it, neighbours with different troubles
would be asked too often; above it, one matter in two wordings slips through."""

CATEGORY_CHOICES = ("产销对接", "农业技术", "基础设施", "其他")
PHOTO_WINDOW = timedelta(hours=24)
"""How long after the last word on a case a photo still belongs to it."""
SHORTEST = 4
"""Characters; less than that says nothing that somebody could act on."""


class Describe(Step, frozen=True):
    """等他说是什么事。"""

    kind: str = ""


class Same(Step, frozen=True):
    """等他说是不是同一件事。"""

    answers = frozenset({"我也是", "我家也是", "同求"})

    case: int
    other: int


class Fill(Step, frozen=True):
    """等他补上缺的：``asks`` 里头一样是正在问的。"""

    case: int
    asks: tuple[str, ...]


class Second(Step, frozen=True):
    """等他说另一件事报不报。"""

    answers = frozenset({"也报"})

    text: str


class PhotoOf(Step, frozen=True):
    """收到照片，等他说是什么事。"""

    media_id: str
    url: str = ""


@on.command("报需求", "我要报需求", takes="words")
def report_need(ctx: Context) -> Reply:
    """报需求：后面带着话就直接记，没带就请他说。"""
    if len(ctx.rest) >= SHORTEST:
        return take(ctx, ctx.mind.read(ctx.rest, ctx.now), CaseKind.NEED)
    return ctx.ask("report.describe", then=Describe(CaseKind.NEED.value))


@on.command("报问题", "我要报问题", takes="words")
def report_problem(ctx: Context) -> Reply:
    """报问题：同上。"""
    if len(ctx.rest) >= SHORTEST:
        return take(ctx, ctx.mind.read(ctx.rest, ctx.now), CaseKind.PROBLEM)
    return ctx.ask("report.describe_problem", then=Describe(CaseKind.PROBLEM.value))


@on.step(Describe)
def described(ctx: Context, step: Describe) -> Reply | Pass:
    """说了是什么事。"""
    if not ctx.text:
        return PASS
    if len(plain(ctx.text)) < SHORTEST:
        return ctx.ask("report.too_short", then=step)
    return take(ctx, ctx.reading, CaseKind(step.kind) if step.kind else None)


@on.step(PhotoOf)
def photo_described(ctx: Context, step: PhotoOf) -> Reply | Pass:
    """照片后面的那句话。"""
    if not ctx.text:
        return PASS
    if len(plain(ctx.text)) < 2:
        return ctx.ask("report.photo_what", then=step)
    reply = take(ctx, ctx.reading, None, least_questions=True)
    case = ctx.unit.cases.last_of(ctx.member)
    if case is not None:
        photo = Image(
            key=ctx.message.key,
            sender=ctx.message.sender,
            account=ctx.message.account,
            sent_at=ctx.message.sent_at,
            media_id=step.media_id,
            url=step.url,
        )
        _attach(ctx, case, photo)
    return reply


@on.intent("report")
def understood(ctx: Context) -> Reply | Pass:
    """听出来是报事的。"""
    if len(plain(ctx.text)) < SHORTEST and not ctx.understanding.category:
        return PASS
    return take(ctx, ctx.reading, None)


@on.step(Fill)
def filled(ctx: Context, step: Fill) -> Reply | Pass:
    """补上缺的那一样。"""
    case = ctx.case(step.case)
    if case.state != CaseState.DRAFT or not (ctx.text or ctx.understanding.slots.place):
        return PASS
    if ctx.number is not None or (ctx.rest and leading_number(ctx.rest) is not None):
        return PASS  # 查 3, 评价 3 满意: a command, and no place
    chosen_number = choice(ctx.text)
    if chosen_number is None and _another_matter(ctx):
        return PASS  # the draft goes its own way when its time is up
    if step.asks[0] == "category":
        if chosen_number is not None and 1 <= chosen_number <= len(CATEGORY_CHOICES):
            case.supplement(category=CATEGORY_CHOICES[chosen_number - 1], now=ctx.now)
        else:
            category = ctx.understanding.category or "其他"
            case.supplement(category=category, text=plain(ctx.text), now=ctx.now)
    elif chosen_number == 1 and ctx.member.region:
        case.supplement(place=ctx.member.region, now=ctx.now)
    elif chosen_number is not None:
        return ctx.ask("report.ask_place_again", then=step)
    else:
        case.supplement(place=shorten(plain(ctx.text), 60), now=ctx.now)
    if step.asks[1:]:
        return _ask(ctx, case, step.asks[1:])
    return complete(ctx, case)


def _another_matter(ctx: Context) -> bool:
    """Whether the answer is no answer but the next trouble."""
    understood = ctx.understanding
    return understood.intent == "report" and understood.confidence >= 0.6 and len(plain(ctx.text)) > 12


@on.step(Same)
def same_or_not(ctx: Context, step: Same) -> Reply | Pass:
    """是不是同一件事。"""
    joins = plain(ctx.text) in step.answers or "我也是" in ctx.text
    if not (joins or is_yes(ctx.text) or is_no(ctx.text)):
        return PASS
    case = ctx.case(step.case)
    if case.state != CaseState.DRAFT:
        return PASS
    if is_no(ctx.text):
        return submit(ctx, case)
    other = ctx.case(step.other)
    case.merge(other, ctx.now)
    if other.reporter_id == ctx.member.member_id:
        return ctx.say("report.again", number=other.number, face=other.face)
    ctx.unit.cases.join(other, by=ctx.member, now=ctx.now)
    return ctx.say("report.joined", number=other.number, count=other.joined + 1)


@on.event(Image)
def photo(ctx: Context) -> Reply | Pass:
    """照片归到正在说的那件事；没有就问是什么事。"""
    message = ctx.message
    if ctx.person is None or not isinstance(message, Image):
        return PASS
    case = ctx.unit.cases.last_of(ctx.member)
    if case is None or ctx.now - case.touched_at > PHOTO_WINDOW:
        return ctx.ask("report.photo_what", then=PhotoOf(message.media_id, message.url))
    count = _attach(ctx, case, message)
    return ctx.say("report.photo_added", number=case.number, count=count)


def _attach(ctx: Context, case: Case, photo: Image) -> int:
    return ctx.unit.attachments.add(
        case, kind="photo", media_id=photo.media_id, url=photo.url, by=ctx.member, now=ctx.now
    )


# ---- the way of a matter ---------------------------------------------------------------------------


def take(ctx: Context, reading: Reading, kind: CaseKind | None, *, least_questions: bool = False) -> Reply:
    """Makes a case of a text: asks for what is missing, or files it at once."""
    understood = reading.understanding
    case = NewCase.report(
        by=ctx.member,
        text=reading.text,
        kind=kind or CaseKind(understood.kind or "need"),
        category=understood.category or "",
        place="".join(understood.slots.place[:1]),
        quantity="、".join(understood.slots.quantity[:3]),
        deadline=understood.deadline or "",
        received_key=ctx.message.key,
        now=ctx.now,
        behalf=ctx.unit.cases.seal_behalf(ctx.behalf) if ctx.behalf is not None else None,
    )
    asks = () if least_questions else _missing(ctx, case)
    if asks:
        ctx.unit.cases.file(case, by=ctx.member)
        return _ask(ctx, case, asks)
    if (other := _alike(ctx, case, reading)) is not None:
        known = ctx.look(other)
        if known.reporter_id == ctx.member.member_id and plain(known.text) == plain(case.text):
            # The same words once more: nothing new to keep.
            return ctx.say("report.again", number=other, face=known.face)
        ctx.unit.cases.file(case, by=ctx.member)
        return _ask_same(ctx, case, other)
    case.supplement(category=case.category or "其他", now=ctx.now)
    case.submit(ctx.now)
    ctx.unit.cases.file(case, by=ctx.member)
    return answer_filed(ctx, case, reading)


def _missing(ctx: Context, case: CaseVerbs) -> tuple[str, ...]:
    asks: tuple[str, ...] = () if case.category else ("category",)
    if not case.place and case.category and ctx.unit.question(case.category):
        asks += ("place",)
    return asks


def _ask(ctx: Context, case: CaseVerbs, asks: tuple[str, ...]) -> Reply:
    text = shorten(case.text, 20)
    step = Fill(case.number, asks)
    if asks[0] == "category":
        return ctx.ask("report.ask_category", then=step, text=text)
    question = ctx.unit.question(case.category)
    if not ctx.member.region:
        return ctx.ask("report.ask_place_free", then=step, text=text, question=question)
    return ctx.ask("report.ask_place", then=step, text=text, question=question, home=ctx.member.region)


def complete(ctx: Context, case: Case) -> Reply:
    """A draft has all it needs: submits it, unless a neighbour reported the same."""
    other = _alike(ctx, case, ctx.mind.read(case.text, ctx.now))
    return submit(ctx, case) if other is None else _ask_same(ctx, case, other)


def submit(ctx: Context, case: Case) -> Reply:
    """Submits a draft and says what became of it."""
    ctx.unit.cases.submit(case, by=ctx.member, now=ctx.now)
    return answer_filed(ctx, case, ctx.mind.read(case.text, ctx.now))


def _alike(ctx: Context, case: CaseVerbs, reading: Reading) -> int | None:
    """The number of the neighbour's case that speaks of the same matter."""
    candidates = ctx.unit.cases.alike(
        organisation_id=case.organisation_id, category=case.category, since=ctx.now - REPEAT_WINDOW
    )
    if not candidates:
        return None
    alike = ctx.mind.likeness_of_cases(reading, candidates, ctx.unit.cases.text_of)
    score, (best, _) = max(zip(alike, candidates, strict=True), key=lambda pair: pair[0])
    return best if score >= SAME_MATTER else None


def _ask_same(ctx: Context, case: CaseVerbs, other: int) -> Reply:
    known = ctx.look(other)
    if known.reporter_id == ctx.member.member_id:
        return ctx.ask(
            "report.same_own", then=Same(case.number, other), number=other, text=shorten(known.text, 30)
        )
    return ctx.ask(
        "report.same",
        then=Same(case.number, other),
        organisation=ctx.member.organisation,
        number=other,
        text=shorten(mask_text(known.text), 30),
    )


@on.step(Second)
def second(ctx: Context, step: Second) -> Reply | Pass:
    """另一件事报不报。"""
    if plain(ctx.text) in BOTH or is_yes(ctx.text):
        return take(ctx, ctx.mind.read(step.text, ctx.now), None)
    return ctx.say("smalltalk.dropped") if is_no(ctx.text) else PASS


# ---- the receipt -----------------------------------------------------------------------------------


def answer_filed(ctx: Context, case: CaseVerbs, reading: Reading) -> Reply:
    """The receipt: the number, whom it went to, and who may help, or honestly nobody yet."""
    who = who_hears(ctx)
    head = ctx.texts.say(
        "report.filed" if who else "report.filed_nobody",
        number=case.number,
        who=who,
        organisation=ctx.member.organisation,
    )
    fits = ctx.mind.suggest(
        reading,
        category=case.category,
        place=case.place,
        home=ctx.member.region,
        day=ctx.today,
        circles=ctx.member.circles,
    )
    second = reading.understanding.second or ""
    also = "\n" + ctx.texts.say("report.second", text=shorten(second, 16)) if second else ""
    if not fits:
        ctx.next_step = Second(second) if second else None
        return Reply(head + "\n" + ctx.texts.say("report.no_fit", number=case.number) + also)
    ctx.unit.suggestions.show(case, fits, version=ctx.mind.version, now=ctx.now)
    ctx.next_step = Choose(case.number, len(fits), second)
    lines = [f"{fit.title}（{fit.unit}）——{fit.reason}" for fit in fits]
    return Reply(head + "\n" + ctx.texts.say("report.fits", count=len(fits), choices=numbered(lines)) + also)


@on.event(Silence)
def silence(ctx: Context) -> Reply | Pass:
    """问了没回音，十分钟后照已经说的报上去。"""
    message = ctx.message
    assert isinstance(message, Silence)  # noqa: S101 - the route says so
    case = ctx.case(message.case)
    if case.state != CaseState.DRAFT:
        return PASS
    case.supplement(category=case.category or "其他", place=case.place or ctx.member.region, now=ctx.now)
    ctx.end()
    return submit(ctx, case)
