"""领取: which letters leave now, in one look at all that is due.

A batch costs a few statements, however many letters are in it. Each of them is looked at once: whether it still has
a purpose, whether its recipient can be reached, whether they had their push of the day, whether the day's quota has
room; what may not leave is dropped, put off or kept for the next contact, each with its reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, true

from models.allowance import SHARES
from models.amend import Amend
from models.due import ELSE_FOR, OF_PRIORITY, Bundle, Due, Routes, Taken
from models.identity import Identity
from models.lean import as_list
from models.letter import CUSTOM, TEMPLATE, Letter
from models.moment import local
from models.owed import LEASE, Body, OutboxRow, Priority, State
from models.pause import EVERYTHING, Pause
from models.purpose import Purpose, lost
from models.window import Contact, window_open

if TYPE_CHECKING:
    from models.store import Unit

REPEATS_DROPPED: Final = timedelta(minutes=9)
"""So long after its first attempt a template message may be sent again under its number (the platform: some ten minutes)."""
ROOM: Final = 1_900
"""Bytes of a bundle's sentences: one message has at most 2,047, and a line may have to say how many more there are."""
OFFICERS_BUNDLE: Final = 3
"""From so many letters at once on an officer gets them as one: their window allows five messages."""
BETWEEN: Final = "\n——\n"


_LEASE = Amend(
    OutboxRow.__table__,  # type: ignore[arg-type]
    ["openid", "lease_until", "attempts", "channel", "bundle_id", "first_tried_at"],
)
_PUT_ASIDE = Amend(
    OutboxRow.__table__,  # type: ignore[arg-type]
    ["openid", "state", "due_at", "lease_until", "reason", "settled_at", "uncertain"],
)


class Leasing:
    """One look at what is due."""

    def __init__(self, unit: Unit, now: datetime, routes: Routes) -> None:
        self._unit = unit
        self._now = now
        self._routes = routes
        self._rules = unit.policy.notices
        self._aside: list[dict[str, Any]] = []
        self._bodies: dict[bytes, Body] = {}

    def take(self, limit: int) -> Taken:
        """Takes letters that are due, the urgent ones first; nobody else takes them while the lease lasts."""
        pauses = self._unit.pauses.current(self._now)
        if EVERYTHING in pauses:
            return Taken([], 0, pauses)
        due = self._due(limit)
        looked_at = len(due)
        if not due:
            return Taken([], 0, pauses)
        due = self._of_use(self._not_at_night(due))
        due = self._reachable(due)
        due = self._certain(due)
        bundles = self._routed(self._bundled(due), pauses)
        bundles = self._within_quota(self._once_a_day(bundles))
        letters = [self._letter(bundle) for bundle in bundles]
        self._write(bundles)
        return Taken(letters, looked_at, pauses)

    # ---- what is due -----------------------------------------------------------------------------

    def _due(self, limit: int) -> list[Due]:
        due: list[Due] = []
        for priority in Priority:
            if len(due) >= limit:
                break
            values = {"priority": int(priority), "now": self._now, "most": limit - len(due)}
            due += [Due(*row) for row in OF_PRIORITY.run(self._unit, values)]
        return due if self._rules.quiet.end(self._now) else due + self._what_else_for(due)

    def _not_at_night(self, due: list[Due]) -> list[Due]:
        """In quiet hours only what is urgent, and the repeat of what may be there already."""
        until = self._rules.quiet.end(self._now)
        if until is None:
            return due
        left = []
        for each in due:
            if each.priority > Priority.URGENT and not each.again:
                self._hold(each, until, "免打扰时间，到点再发")
            else:
                left.append(each)
        return left

    def _what_else_for(self, due: list[Due]) -> list[Due]:
        """Whatever else is due for the members of a batch: they hear everything at once or not today."""
        members = {each.member_id for each in due if each.personal}
        if not members:
            return []
        values = {
            "now": self._now,
            "members": as_list(self._unit, members),
            "known": as_list(self._unit, [each.id for each in due]),
        }
        return [Due(*row) for row in ELSE_FOR.run(self._unit, values)]

    # ---- what may not leave ----------------------------------------------------------------------

    def _of_use(self, due: list[Due]) -> list[Due]:
        """Without what lost its purpose."""
        reasons = lost(
            self._unit,
            [
                Purpose(
                    each.id,
                    each.member_id,
                    each.office_id,
                    each.subject,
                    each.subject_id,
                    each.edition,
                    each.rung,
                    each.not_after,
                    each.withdrawn_at is not None,
                )
                for each in due
            ],
            self._now,
        )
        for each in due:
            if each.id in reasons:
                self._put_aside(each, State.DROPPED, reasons[each.id], settled=True)
        return [each for each in due if each.id not in reasons]

    def _reachable(self, due: list[Due]) -> list[Due]:
        """Without those whose recipient is not on WeChat: somebody has to call, unless it is mere news."""
        by_member = self._contacts(
            Identity.member_id, {each.member_id for each in due if each.member_id is not None}
        )
        by_openid = self._contacts(Identity.openid, {each.openid for each in due if each.member_id is None})
        for each in due:
            each.contact = (
                by_member.get(each.member_id) if each.member_id is not None else by_openid.get(each.openid)
            )
            if each.contact is None:
                if each.member_id is not None and each.priority <= Priority.DUTY:
                    self._put_aside(each, State.CALL, "收信人没有绑定微信，请打电话告知", settled=True)
                else:
                    self._put_aside(each, State.DROPPED, "收信人没有绑定微信", settled=True)
        return [each for each in due if each.contact is not None]

    def _contacts(self, column: Any, values: set[Any]) -> dict[Any, Contact]:
        if not values:
            return {}
        query = select(
            column, Identity.openid, Identity.last_message_at, Identity.last_gesture_at, Identity.sends_left
        ).where(Identity.subscribed == true(), column.in_(values))
        found: dict[Any, Contact] = {}
        for key, *facts in self._unit.connection.execute(query):
            contact = Contact(*facts)
            # Somebody with two accounts is told where they wrote last.
            if key not in found or found[key].wrote_before(contact):
                found[key] = contact
        return found

    def _certain(self, due: list[Due]) -> list[Due]:
        """Without what may have arrived before a process died; a template message is sent again in time."""
        left = []
        for each in due:
            if each.again:
                tried = each.first_tried_at
                in_time = tried is not None and tried + REPEATS_DROPPED > self._now
                if each.channel != TEMPLATE or not in_time:
                    self._leave_uncertain(each)
                    continue
            left.append(each)
        return left

    # ---- what leaves together --------------------------------------------------------------------

    def _bundled(self, due: list[Due]) -> list[Bundle]:
        groups: dict[Any, list[Due]] = defaultdict(list)
        for each in due:
            if each.attempts and each.bundle_id is not None:
                key: Any = ("again", each.bundle_id)  # as it was sent before
            elif each.attempts or each.priority == Priority.URGENT:
                key = ("alone", each.id)
            elif each.personal:
                key = ("person", each.member_id)
            elif each.office_id is not None and each.priority >= Priority.DUTY:
                key = ("officer", each.member_id)
            else:
                key = ("alone", each.id)
            groups[key].append(each)
        bundles = []
        for (how, _), rows in groups.items():
            if how == "person":
                bundles.append(self._filled(rows))
            elif how == "officer" and self._at_once(rows):
                bundles.append(Bundle(rows))
            elif how == "again":
                bundles.append(Bundle(sorted(rows, key=lambda each: each.id != each.bundle_id)))
            else:
                bundles += [Bundle([each]) for each in rows]
        return bundles

    def _filled(self, rows: list[Due]) -> Bundle:
        """As much as one message holds; the rest waits for the next day."""
        size, fits = 0, 0
        for each in rows:
            size += len(self._body(each).text.encode()) + len(BETWEEN.encode())
            if fits and size > ROOM:
                break
            fits += 1
        for each in rows[fits:]:
            self._hold_till_tomorrow(each)
        return Bundle(rows[:fits], more=len(rows) - fits)

    def _at_once(self, rows: list[Due]) -> bool:
        contact = rows[0].contact
        return (
            len(rows) >= OFFICERS_BUNDLE
            and contact is not None
            and window_open(contact, self._now)
            and sum(len(self._body(each).text.encode()) + len(BETWEEN.encode()) for each in rows) <= ROOM
        )

    def _routed(self, bundles: list[Bundle], pauses: Mapping[str, Pause]) -> list[Bundle]:
        """Which way each goes; without those whose only ways are paused."""
        consents: Mapping[str, frozenset[str]] = {}
        if self._routes.wants_consents:
            openids = {contact.openid for each in bundles if (contact := each.first.contact)}
            consents = self._unit.consents.open_to(sorted(openids))
        sends: dict[str, int] = defaultdict(int)
        left = []
        for bundle in bundles:
            contact = bundle.first.contact
            assert contact is not None  # noqa: S101 - those without one have been put aside
            bundle.window_open = window_open(contact, self._now, already=sends[contact.openid])
            bundle.consents = consents.get(contact.openid, frozenset())
            route = self._routes.route(
                bundle.first.kind,
                window_open=bundle.window_open and not bundle.first.again,
                consents=bundle.consents,
                pauses=pauses,
                now=self._now,
            )
            if route.until is not None:
                for each in bundle.rows:
                    self._hold(each, route.until, route.reason)
                continue
            sends[contact.openid] += route.channel == CUSTOM
            bundle.channel = route.channel
            left.append(bundle)
        return left

    def _once_a_day(self, bundles: list[Bundle]) -> list[Bundle]:
        """Without what would be a member's second push of the day."""
        wanted: dict[int, int] = {}
        for bundle in sorted(bundles, key=lambda each: not each.first.attempts):
            first = bundle.first
            if first.personal and bundle.channel and first.member_id is not None:
                wanted.setdefault(first.member_id, first.id)
        given = self._unit.allowance.claim(local(self._now).date(), wanted)
        left = []
        for bundle in bundles:
            first = bundle.first
            limited = first.personal and bundle.channel != ""
            if limited and (first.member_id not in given or wanted.get(first.member_id) != first.id):
                for each in bundle.rows:
                    self._hold_till_tomorrow(each)
            else:
                left.append(bundle)
        return left

    def _within_quota(self, bundles: list[Bundle]) -> list[Bundle]:
        """Without what the day's quota of template messages has no room for."""
        wanting = [each for each in bundles if each.channel == TEMPLATE]
        if not wanting:
            return bundles
        today = local(self._now).date()
        before = used = self._unit.allowance.used(today, TEMPLATE)
        refused: dict[int, int] = {}
        beyond: set[int] = set()
        for bundle in wanting:
            first = bundle.first
            if used < self._rules.daily_quota * SHARES[first.priority]:
                used += 1
                continue
            beyond.add(first.id)
            if first.personal and first.member_id is not None:
                refused[first.member_id] = first.id
            for each in bundle.rows:
                self._hold(
                    each, self._rules.quiet.tomorrow(self._now), "今天的模板消息额度留给更急的事，明天再发"
                )
        self._unit.allowance.use(today, TEMPLATE, used - before)
        self._unit.allowance.give_back(refused)
        return [each for each in bundles if each.first.id not in beyond]

    # ---- writing it down -------------------------------------------------------------------------

    def _letter(self, bundle: Bundle) -> Letter:
        first, contact = bundle.first, bundle.first.contact
        assert contact is not None  # noqa: S101 - those without one have been put aside
        bodies = [self._body(each) for each in bundle.rows]
        return Letter(
            id=first.id,
            openid=contact.openid,
            kind=first.kind,
            text=bodies[0].text if len(bodies) == 1 else BETWEEN.join(body.text for body in bodies),
            fields=bodies[0].fields,
            client_msg_id=f"sqs{first.id}",
            window_open=bundle.window_open,
            ids=tuple(each.id for each in bundle.rows) if len(bodies) > 1 else (),
            more=bundle.more,
            member_id=first.member_id if first.personal else None,
            channel=bundle.channel,
            consents=bundle.consents,
            again=first.again,
            attempt=first.attempts + 1,
            lease_until=self._now + LEASE,
        )

    def _body(self, each: Due) -> Body:
        body = self._bodies.get(each.sealed)
        if body is None:
            body = self._bodies[each.sealed] = Body.open(each.sealed, self._unit.vault)
        return body

    def _hold_till_tomorrow(self, each: Due) -> None:
        self._hold(each, self._rules.quiet.tomorrow(self._now), "今天已经推送过，明天一起说")

    def _leave_uncertain(self, each: Due) -> None:
        self._put_aside(each, State.WAITING, "发送中断，不知是否已送达，等对方下次来信时告知", uncertain=True)

    def _hold(self, each: Due, until: datetime, reason: str) -> None:
        if each.again:
            # By then the platform would not know it for a repeat any more.
            self._leave_uncertain(each)
            return
        self._aside.append(self._row(each, State.PENDING, reason) | {"due_at": until})

    def _put_aside(
        self, each: Due, state: State, reason: str, *, settled: bool = False, uncertain: bool = False
    ) -> None:
        changed = {"settled_at": self._now if settled else None, "uncertain": uncertain}
        self._aside.append(self._row(each, state, reason) | changed)

    def _row(self, each: Due, state: State, reason: str) -> dict[str, Any]:
        return {
            "id": each.id,
            "openid": each.contact.openid if each.contact is not None else each.openid,
            "state": state.value,
            "due_at": each.due_at,
            "lease_until": None,
            "reason": reason[:300],
            "settled_at": None,
            "uncertain": False,
        }

    def _write(self, bundles: Sequence[Bundle]) -> None:
        until = self._now + LEASE
        _LEASE.run(
            self._unit,
            [
                {
                    "id": each.id,
                    "openid": bundle.first.contact.openid,  # type: ignore[union-attr]
                    "lease_until": until,
                    "attempts": bundle.first.attempts + 1,
                    "channel": bundle.channel or CUSTOM,
                    "bundle_id": bundle.first.id if len(bundle.rows) > 1 else each.bundle_id,
                    "first_tried_at": each.first_tried_at if each.again else self._now,
                }
                for bundle in bundles
                for each in bundle.rows
            ],
        )
        _PUT_ASIDE.run(self._unit, self._aside)
