"""One message as it is usually answered: entities through an asynchronous session, one look-up after another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

import handlers
from bot.engine.mind import StoredMind
from bot.kit.clock import real_clock
from bot.kit.context import Reading
from bot.kit.lists import numbered, shorten
from models.case import REPEAT_WINDOW, Case, CaseFollower, CaseKind, CaseState
from models.consortium import Consortium
from models.dialogue import Dialogue
from models.identity import Identity
from models.member import Member
from models.moment import local
from models.organisation import Organisation, Post, PostKind
from models.outbox import OutboxRow, State
from models.person import Person
from models.received import Received
from models.seat import Seat
from models.suggestion import Suggestion
from models.supply import Supply
from models.term import Term
from models.timeline import TimelineEntry
from models.vault import Vault

TEXTS = handlers.texts()
SAME_MATTER = 0.6


class Conversation:
    """One message in one session."""

    def __init__(self, mind: StoredMind, vault: Vault, session: AsyncSession, message: Any) -> None:
        self.mind, self.vault, self.session = mind, vault, session
        self.key, self.openid = f"msg:{message.id}", message.source
        self.now = real_clock()
        self.text: str = message.content.strip()
        self.dialogue: Dialogue | None = None
        self.step: tuple[str, dict[str, Any]] | None = None

    async def answer(self) -> str:
        """The reply; everything it causes is in the session."""
        known = await self.session.get(Received, self.key)
        if known is not None:
            return self.vault.open(known.reply_sealed, "received.reply") if known.reply_sealed else ""
        identity = await self.session.get(Identity, self.openid)
        if identity is None:
            identity = Identity.meet(self.openid, self.now)
            self.session.add(identity)
        identity.last_message_at, identity.sends_left = self.now, 5
        self.dialogue = await self.session.get(Dialogue, self.openid)
        reading = self.mind.read(self.text, self.now)
        person = await self._person(identity.member_id) if identity.member_id else None
        reply = await self._dispatch(person, reading) if person else TEXTS.say("smalltalk.newcomer")
        waiting = await self.session.scalars(
            select(OutboxRow)
            .where(OutboxRow.openid == self.openid, OutboxRow.state == State.WAITING.value)
            .limit(3)
        )
        for letter in waiting:
            letter.state = State.SENT.value
        await self._stand()
        self.session.add(
            Received(
                key=self.key,
                openid=self.openid,
                kind="Text",
                body_sealed=self.vault.seal(msgspec.json.encode(self.text).decode(), "received.body"),
                parse=msgspec.json.encode(reading.understanding).decode(),
                version=reading.understanding.version,
                handler="usual",
                reply_sealed=self.vault.seal(reply, "received.reply"),
                fault="",
                received_at=self.now,
            )
        )
        return reply

    async def _person(self, member_id: int) -> Person | None:
        day = local(self.now).date()
        found = (
            await self.session.execute(
                select(Member, Organisation)
                .join(Organisation, Organisation.id == Member.organisation_id)
                .where(Member.id == member_id)
            )
        ).first()
        if found is None:
            return None
        member, organisation = found
        consortium = await self.session.scalar(
            select(Consortium)
            .join(Seat, Seat.consortium_id == Consortium.id)
            .where(
                Seat.organisation_id == organisation.id,
                Seat.since <= day,
                or_(Seat.until.is_(None), Seat.until > day),
            )
            .order_by(Seat.since, Seat.id)
            .limit(1)
        )
        chair = await self.session.scalar(
            select(Organisation)
            .join(Term, Term.organisation_id == Organisation.id)
            .where(
                Term.consortium_id == (consortium.id if consortium else 0),
                Term.starts_on <= day,
                Term.ends_on >= day,
            )
        )
        return Person(
            member_id=member.id,
            name=member.name(self.vault),
            organisation_id=organisation.id,
            organisation=organisation.name,
            region=organisation.region,
            consortium_id=consortium.id if consortium else None,
            consortium=consortium.name if consortium else "",
            chair_id=chair.id if chair else None,
            chair=chair.name if chair else "",
        )

    async def _stand(self) -> None:
        if self.step is None:
            if self.dialogue is not None:
                await self.session.delete(self.dialogue)
            return
        name, facts = self.step
        sealed = self.vault.seal(msgspec.json.encode(facts).decode(), "dialogue.facts")
        expires = self.now + timedelta(minutes=30)
        if self.dialogue is None:
            self.session.add(Dialogue(openid=self.openid, step=name, facts_sealed=sealed, expires_at=expires))
        else:
            self.dialogue.step, self.dialogue.facts_sealed, self.dialogue.expires_at = name, sealed, expires

    async def _dispatch(self, person: Person, reading: Reading) -> str:
        text, intent = self.text, reading.understanding.intent
        if text == "帮助":
            return TEXTS.say("help.member")
        if text in ("0", "1", "2", "3") and self.dialogue is not None and self.dialogue.step == "choose":
            facts = self.vault.open(self.dialogue.facts_sealed, "dialogue.facts")
            return await self._chosen(person, int(text), msgspec.json.decode(facts)["case"])
        if text == "我的" or intent == "query_mine":
            return await self._mine(person)
        if (rule := self.mind.rule(text, self.now)) is not None:
            return rule
        if intent == "report" and len(text) >= 4:
            return await self._report(person, reading)
        return TEXTS.say("smalltalk.hello")

    async def _mine(self, person: Person) -> str:
        followed = select(CaseFollower.case_number).where(CaseFollower.member_id == person.member_id)
        mine = or_(Case.reporter_id == person.member_id, Case.number.in_(followed))
        total = await self.session.scalar(select(func.count()).select_from(Case).where(mine))
        rows = await self.session.scalars(select(Case).where(mine).order_by(Case.number.desc()).limit(5))
        return f"您报的事，一共 {total} 件：\n" + "\n".join(f"编号 {row.number} {row.short}" for row in rows)

    async def _report(self, person: Person, reading: Reading) -> str:
        understood = reading.understanding
        case = Case.report(
            by=person,
            text=reading.text,
            kind=CaseKind(understood.kind or "need"),
            category=understood.category or "其他",
            place="".join(understood.slots.place[:1]) or person.region,
            quantity="、".join(understood.slots.quantity[:3]),
            deadline=understood.deadline or "",
            received_key=self.key,
            now=self.now,
        )
        found = await self.session.scalars(
            select(Case)
            .where(
                Case.organisation_id == person.organisation_id,
                Case.state == CaseState.SUBMITTED.value,
                Case.category == case.category,
                Case.created_at >= self.now - REPEAT_WINDOW,
                Case.visibility == "consortium",
            )
            .order_by(Case.number.desc())
            .limit(20)
        )
        others = found.all()
        alikes = self.mind.likeness(reading, [each.text for each in others])
        alike = [each for each, how in zip(others, alikes, strict=True) if how >= SAME_MATTER]
        if not alike:
            case.submit(self.now)
        self.session.add(case)
        await self.session.flush()
        self._note(case.number, "report", person)
        if alike:
            self.step = ("same", {"case": case.number, "other": alike[0].number})
            return (
                f"{person.organisation}最近有人报过一样的：编号 {alike[0].number}\n1 是，我也是  2 不是，另报"
            )
        await self._letters(
            person, person.organisation_id, person.chair_id, f"case:{case.number}:filed", case.text
        )
        head = f"收到了，编号 {case.number}。"
        fits = self.mind.suggest(
            reading,
            category=case.category,
            place=case.place,
            home=person.region,
            day=local(self.now).date(),
        )
        if not fits:
            return f"{head}\n{TEXTS.say('report.no_fit', number=case.number)}"
        self.session.add_all(
            Suggestion(
                case_number=case.number,
                rank=rank,
                supply_code=fit.code,
                score=fit.score,
                reason=fit.reason,
                version=self.mind.version,
                shown_at=self.now,
                chosen_at=None,
            )
            for rank, fit in enumerate(fits, 1)
        )
        self.step = ("choose", {"case": case.number, "count": len(fits)})
        return head + "\n" + numbered(f"{fit.title}（{fit.unit}）——{fit.reason}" for fit in fits)

    async def _chosen(self, person: Person, rank: int, number: int) -> str:
        case = await self.session.get_one(Case, number)
        if rank == 0:
            self._note(number, "none_suits", person)
            key = f"case:{number}:none"
            await self._letters(person, person.organisation_id, person.chair_id, key, case.text)
            return TEXTS.say("choose.none_nobody", number=number)
        suggestion = await self.session.scalar(
            select(Suggestion).where(Suggestion.case_number == number, Suggestion.rank == rank)
        )
        if suggestion is None:
            return TEXTS.say("smalltalk.which", number=rank)
        suggestion.chosen_at = self.now
        supply = (
            await self.session.scalars(select(Supply).where(Supply.code == suggestion.supply_code))
        ).one()
        self._note(number, "choose", person, f"{supply.unit_name}：{supply.title}")
        key = f"case:{number}:chosen:{supply.code}"
        await self._letters(person, person.organisation_id, supply.organisation_id, key, case.text)
        self.step = ("choose", {"case": number, "count": 3})
        return f"已告诉{supply.unit_name}，24 小时内联系您。"

    def _note(self, number: int, what: str, person: Person, note: str = "") -> None:
        self.session.add(
            TimelineEntry(
                case_number=number, at=self.now, event=what, actor_id=person.member_id, note=note, public=True
            )
        )

    async def _letters(self, person: Person, own: int, other: int | None, key: str, text: str) -> None:
        """One letter to the liaison officer of the branch and of the chair (or the supplier)."""
        officers: Sequence[int] = (
            await self.session.scalars(
                select(Post.member_id).where(
                    Post.organisation_id.in_([own, other or own]),
                    Post.until.is_(None),
                    Post.kind == PostKind.LIAISON.value,
                )
            )
        ).all()
        body = {"text": f"{person.name}报了：{shorten(text, 80)}", "fields": {"title": shorten(text, 20)}}
        for officer in dict.fromkeys(officers):
            self.session.add(
                OutboxRow(
                    dedup_key=f"{key}:m{officer}",
                    member_id=officer,
                    openid=None,
                    kind="case_filed",
                    body_sealed=self.vault.seal(msgspec.json.encode(body).decode(), "outbox.body"),
                    priority=2,
                    state=State.PENDING.value,
                    due_at=self.now,
                    lease_until=None,
                    attempts=0,
                    channel="",
                    message_id="",
                    reason="",
                    created_at=self.now,
                    settled_at=None,
                )
            )
