"""结果: what became of letters that were tried, written down for a whole batch at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, update

from models.amend import Amend
from models.identity import Identity
from models.letter import CUSTOM, SUBSCRIPTION, TEMPLATE, Letter, Outcome, Verdict
from models.moment import local
from models.owed import LONGEST_STEP, MOST_ATTEMPTS, OutboxRow, State, in_state

if TYPE_CHECKING:
    from models.store import Unit

Done = tuple[Letter, Outcome]
_OURS: Final = "outbox.state = 'pending'"
_SETTLE = Amend(
    OutboxRow.__table__,  # type: ignore[arg-type]
    ["state", "channel", "reason", "message_id", "settled_at", "lease_until", "uncertain"],
    same=["attempts"],
    where=_OURS,
)
_TRY_AGAIN = Amend(
    OutboxRow.__table__,  # type: ignore[arg-type]
    ["due_at", "channel", "reason", "lease_until", "uncertain"],
    same=["attempts"],
    where=_OURS,
)
_RELEASE = Amend(
    OutboxRow.__table__,  # type: ignore[arg-type]
    ["lease_until"],
    same=["attempts"],
    where=_OURS,
)
_STATES = {Verdict.ACCEPTED: State.SENT, Verdict.WAIT: State.WAITING}


class Settling:
    """Writes down outcomes. A letter that another process has taken meanwhile is left to that one."""

    def __init__(self, unit: Unit, now: datetime) -> None:
        self._unit = unit
        self._now = now

    def settle(self, done: Sequence[Done]) -> None:
        """What these attempts came to; a letter that was tried too often is dead."""
        again = [each for each in done if _tried_again(*each)]
        final = [each for each in done if not _tried_again(*each)]
        _TRY_AGAIN.run(self._unit, [row for each in again for row in self._again(*each)])
        _SETTLE.run(self._unit, [row for each in final for row in self._final(*each)])
        self._use_windows([letter.openid for letter, outcome in done if _went(outcome, CUSTOM)])
        self._use_consents(done)
        self._correct_quota(done)
        self._unit.allowance.give_back(
            {
                letter.member_id: letter.id
                for letter, outcome in final
                if letter.member_id is not None
                and outcome.verdict is not Verdict.ACCEPTED
                and not outcome.uncertain
            }
        )
        for _, outcome in done:
            for pause in outcome.pauses:
                until = None if pause.seconds is None else self._now + timedelta(seconds=pause.seconds)
                self._unit.pauses.pause(pause.channel, until=until, reason=pause.reason)

    def release(self, letters: Iterable[Letter]) -> None:
        """These were taken and not tried: whoever looks next may take them at once."""
        given_back = list(letters)
        if not given_back:
            return
        _RELEASE.run(
            self._unit,
            [
                {"id": number, "attempts": letter.attempt, "lease_until": None}
                for letter in given_back
                for number in letter.rows
            ],
        )
        self._correct_quota([(letter, Outcome(verdict=Verdict.RETRY)) for letter in given_back])

    def delivered(self, message_id: str, status: str) -> None:
        """The platform's word on a template message: arrived, or why not."""
        if not message_id:
            return
        arrived = status == "success"
        # One that did not arrive is said at the next contact instead.
        self._unit.connection.execute(
            update(OutboxRow)
            .where(OutboxRow.message_id == message_id, OutboxRow.message_id != "", in_state(State.SENT))
            .values(
                state=(State.DELIVERED if arrived else State.WAITING).value,
                reason="" if arrived else status[:300],
                settled_at=self._now,
            )
        )

    def letter(self, letter_id: int) -> Letter | None:
        """What has to be known of a letter on its way to settle it; None: it is not on its way."""
        query = select(
            OutboxRow.id, OutboxRow.openid, OutboxRow.attempts, OutboxRow.channel, OutboxRow.bundle_id
        ).where(OutboxRow.id == letter_id, in_state(State.PENDING))
        row = self._unit.connection.execute(query).one_or_none()
        if row is None:
            return None
        together = select(OutboxRow.id).where(
            OutboxRow.bundle_id == row.bundle_id, OutboxRow.attempts == row.attempts, in_state(State.PENDING)
        )
        ids = self._unit.connection.execute(together).scalars() if row.bundle_id is not None else ()
        return Letter(
            id=row.id,
            openid=row.openid or "",
            kind="",
            text="",
            client_msg_id="",
            window_open=False,
            ids=tuple(ids),
            channel=row.channel,
            attempt=row.attempts,
        )

    # ---- the rows --------------------------------------------------------------------------------

    def _again(self, letter: Letter, outcome: Outcome) -> Iterable[dict[str, Any]]:
        wait = timedelta(seconds=outcome.retry_after_s)
        step = timedelta(seconds=max(1.0, outcome.retry_after_s) * 2 ** (letter.attempt - 1))
        for number in letter.rows:
            yield {
                "id": number,
                "attempts": letter.attempt,
                "due_at": self._now + min(step, max(LONGEST_STEP, wait)),
                "channel": outcome.channel or letter.channel,
                "reason": outcome.reason[:300],
                "lease_until": None,
                "uncertain": outcome.uncertain or letter.again,
            }

    def _final(self, letter: Letter, outcome: Outcome) -> Iterable[dict[str, Any]]:
        state = _STATES.get(outcome.verdict, State.DEAD)
        for number in letter.rows:
            yield {
                "id": number,
                "attempts": letter.attempt,
                "state": state.value,
                "channel": outcome.channel or letter.channel,
                "reason": outcome.reason[:300],
                "message_id": outcome.message_id,
                "settled_at": None if state is State.WAITING else self._now,
                "lease_until": None,
                "uncertain": state is not State.SENT and (outcome.uncertain or letter.again),
            }

    # ---- what was used up ------------------------------------------------------------------------

    def _use_windows(self, openids: Sequence[str]) -> None:
        if openids:
            self._unit.connection.execute(
                update(Identity)
                .where(Identity.openid == bindparam("whose"), Identity.sends_left > 0)
                .values(sends_left=Identity.sends_left - 1),
                [{"whose": openid} for openid in sorted(openids)],
            )

    def _use_consents(self, done: Sequence[Done]) -> None:
        used = [
            (letter.openid, outcome.template_id)
            for letter, outcome in done
            if _went(outcome, SUBSCRIPTION) and outcome.template_id
        ]
        lost = [
            (letter.openid, outcome.refused_template) for letter, outcome in done if outcome.refused_template
        ]
        self._unit.consents.use_all(used)
        self._unit.consents.take_back_all(lost)

    def _correct_quota(self, done: Sequence[Done]) -> None:
        """What was counted when it was taken and went another way, or none, is given back; and the other way round."""
        count = sum(
            (_went(outcome, TEMPLATE) or (outcome.channel == TEMPLATE and outcome.uncertain))
            - (letter.channel == TEMPLATE)
            for letter, outcome in done
        )
        self._unit.allowance.use(local(self._now).date(), TEMPLATE, count)


def _tried_again(letter: Letter, outcome: Outcome) -> bool:
    return outcome.verdict is Verdict.RETRY and letter.attempt < MOST_ATTEMPTS


def _went(outcome: Outcome, channel: str) -> bool:
    return outcome.verdict is Verdict.ACCEPTED and outcome.channel == channel
