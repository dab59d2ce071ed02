"""一件事的一生: the states of needs, problems and projects, which step leads where, and who may take it.

After the practice of 12345 hotlines and grid management (受理、派遣、处置、回访、结案), with the separations that the
consortia ask for: whoever handles a matter cannot close it alone, and the one who asked says whether it is solved.
"""

from __future__ import annotations

import enum
import tomllib
from datetime import timedelta
from importlib import resources
from typing import Any, Final


def _shipped() -> dict[str, Any]:
    return tomllib.loads(resources.files("models.data").joinpath("life.toml").read_text(encoding="utf-8"))


_WORDS: Final = _shipped()


class CaseKind(enum.StrEnum):
    """What sort of matter it is."""

    NEED = "need"
    PROBLEM = "problem"
    PROJECT = "project"

    @property
    def label(self) -> str:
        """As people say it."""
        return {"need": "需求", "problem": "问题", "project": "项目"}[self.value]


class CaseState(enum.StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    OPEN = "open"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    REWORK = "rework"
    RESOLVED = "resolved"
    CLOSED = "closed"
    ARCHIVED = "archived"
    DECLINED = "declined"
    TRANSFERRED = "transferred"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"

    def label(self, kind: str) -> str:
        """What those who work on it call the state."""
        labels = _WORDS["labels"]
        word: str = labels.get(kind, {}).get(self.value) or labels["need"][self.value]
        return word


def face(state: str, close_kind: str = "") -> str:
    """The plain word that a member sees: few faces for members, all states for staff."""
    if state == CaseState.ARCHIVED and close_kind not in ("", "normal"):
        return str(_WORDS["faces"]["declined"])
    return str(_WORDS["faces"][state])


class CloseKind(enum.StrEnum):
    """销号方式: how a matter left the list."""

    NORMAL = "normal"
    STUDY = "study"
    POSTPONED = "postponed"
    HANDED_OVER = "handed_over"
    SHELVED = "shelved"

    @property
    def label(self) -> str:
        """As the ledger says it."""
        return str(_WORDS["close_kinds"][self.value])


LEVELS: Final[dict[int, str]] = {int(level): str(word) for level, word in _WORDS["levels"].items()}
"""满意度 as the official five levels of 好差评 name them."""
SATISFIED: Final = 3
"""From this level on (基本满意) a matter counts as solved; below it is done anew."""

REOPEN_WINDOW: Final = timedelta(days=30)
"""How long after it was closed the reporter may say that it came back."""
RATE_WINDOW: Final = timedelta(days=15)
"""Unrated for so long, a matter is closed as unrated; it never counts as satisfied."""
LAPSE_AFTER: Final = timedelta(days=3)
"""A claimant who was not in touch within three days (首次联系 is due within one) loses the claim."""
VETO_WINDOW: Final = timedelta(hours=24)
"""So long after a claim the chair may undo it without the claimant having failed in anything."""
MOST_EXTENSIONS: Final = 2

WAITING: Final = (CaseState.SUBMITTED, CaseState.ACCEPTED, CaseState.OPEN)
"""Nobody has taken it on yet."""
WORKED_ON: Final = (CaseState.CLAIMED, CaseState.IN_PROGRESS, CaseState.REWORK)
"""Somebody has it in hand and has not said that it is done."""
OPEN: Final = (*WAITING, *WORKED_ON)
"""States in which somebody still has to do something."""
IN_HAND: Final = (*WORKED_ON, CaseState.RESOLVED)
"""While it is here, whoever claimed it may know how to reach the reporter; not before, and not after."""
ENDED: Final = (
    CaseState.CLOSED,
    CaseState.ARCHIVED,
    CaseState.DECLINED,
    CaseState.TRANSFERRED,
    CaseState.MERGED,
    CaseState.WITHDRAWN,
)


class Role(enum.StrEnum):
    """What somebody is to a case at this moment; always derived, never kept."""

    REPORTER = "reporter"
    BRANCH = "branch"  # holds a post in the reporter's branch
    CHAIR = "chair"  # holds a post in the organisation that chairs the consortium today
    LEAD = "lead"  # holds a post in the consortium's lead organisation
    ABOVE = "above"  # holds a post in an organisation above the branch or the lead organisation
    MEMBER = "member"  # holds a post in a member organisation of the consortium
    HANDLER = "handler"  # holds a post in the organisation whose lead claim is live
    HELPER = "helper"  # the same of a co-claim
    INVITED = "invited"  # holds a post in an organisation that was asked to take it on
    CLOCK = "clock"  # nobody: time did it


class Step(enum.StrEnum):
    """What can be done to a case."""

    SUBMIT = "submit"
    JOIN = "join"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    DECLINE = "decline"
    APPEAL = "appeal"
    HAND_ON = "hand_on"  # 转办: to another consortium
    TRANSFER = "transfer"  # 转出: out of the consortia, to 12345 for instance
    MERGE = "merge"
    PUBLISH = "publish"
    INVITE = "invite"
    CLAIM = "claim"
    CO_CLAIM = "co_claim"
    REVOKE = "revoke"
    GIVE_BACK = "give_back"
    LAPSE = "lapse"
    CONTACT = "contact"
    PROGRESS = "progress"
    EXTEND_ASK = "extend_ask"
    EXTEND = "extend"
    PAUSE = "pause"
    RESUME = "resume"
    RESOLVE = "resolve"
    EVALUATE = "evaluate"
    REWORK = "rework"
    VISIT = "visit"
    EXPIRE = "expire"
    ARCHIVE = "archive"
    WRITE_OFF = "write_off"
    REOPEN = "reopen"
    RELIST = "relist"  # to be done anew, and nobody has it any more


_S = CaseState
_STAY: Final = {
    Step.JOIN: OPEN,
    Step.INVITE: (_S.ACCEPTED, _S.OPEN),
    Step.CO_CLAIM: WORKED_ON,
    Step.EXTEND_ASK: WORKED_ON,
    Step.EXTEND: WORKED_ON,
    Step.PAUSE: WORKED_ON,
    Step.RESUME: WORKED_ON,
}
_MOVES: Final = {
    Step.SUBMIT: {_S.DRAFT: _S.SUBMITTED},
    Step.WITHDRAW: dict.fromkeys((_S.DRAFT, *OPEN), _S.WITHDRAWN),
    Step.ACCEPT: {_S.SUBMITTED: _S.ACCEPTED},
    Step.DECLINE: dict.fromkeys((_S.SUBMITTED, _S.ACCEPTED), _S.DECLINED),
    Step.APPEAL: {_S.DECLINED: _S.SUBMITTED},
    Step.HAND_ON: dict.fromkeys(WAITING, _S.SUBMITTED),
    Step.TRANSFER: dict.fromkeys(WAITING, _S.TRANSFERRED),
    Step.MERGE: dict.fromkeys((_S.DRAFT, *WAITING), _S.MERGED),
    Step.PUBLISH: {_S.ACCEPTED: _S.OPEN},
    # A member organisation need not wait until the chair has put a matter on the list: its claim does that too.
    Step.CLAIM: dict.fromkeys(WAITING, _S.CLAIMED),
    Step.REVOKE: dict.fromkeys(WORKED_ON, _S.OPEN),
    Step.GIVE_BACK: dict.fromkeys(WORKED_ON, _S.OPEN),
    Step.LAPSE: {_S.CLAIMED: _S.OPEN},
    Step.CONTACT: {_S.CLAIMED: _S.IN_PROGRESS, _S.IN_PROGRESS: _S.IN_PROGRESS, _S.REWORK: _S.REWORK},
    Step.PROGRESS: {_S.CLAIMED: _S.IN_PROGRESS, _S.IN_PROGRESS: _S.IN_PROGRESS, _S.REWORK: _S.REWORK},
    Step.RESOLVE: dict.fromkeys(WORKED_ON, _S.RESOLVED),
    Step.EVALUATE: {_S.RESOLVED: _S.CLOSED, _S.CLOSED: _S.CLOSED},
    Step.REWORK: {_S.RESOLVED: _S.REWORK, _S.CLOSED: _S.REWORK},
    Step.VISIT: {_S.RESOLVED: _S.CLOSED, _S.CLOSED: _S.CLOSED},
    Step.EXPIRE: {_S.RESOLVED: _S.CLOSED},
    Step.ARCHIVE: {_S.CLOSED: _S.ARCHIVED},
    Step.WRITE_OFF: dict.fromkeys((_S.ACCEPTED, _S.OPEN, *WORKED_ON), _S.ARCHIVED),
    Step.REOPEN: {_S.CLOSED: _S.REWORK, _S.ARCHIVED: _S.REWORK},
    Step.RELIST: {_S.REWORK: _S.OPEN},
}
TRANSITIONS: Final[dict[tuple[CaseState, Step], CaseState]] = {
    (state, step): after for step, moves in _MOVES.items() for state, after in moves.items()
} | {(state, step): state for step, states in _STAY.items() for state in states}
"""Every step that is allowed, and where it leads; anything else is refused as NotNow."""

_DUTY: Final = frozenset({Role.CHAIR, Role.LEAD})
RIGHTS: Final[dict[Step, frozenset[Role]]] = {
    Step.SUBMIT: frozenset({Role.REPORTER, Role.CLOCK}),
    Step.WITHDRAW: frozenset({Role.REPORTER}),
    Step.ACCEPT: _DUTY | {Role.BRANCH},
    Step.DECLINE: _DUTY,
    Step.APPEAL: frozenset({Role.REPORTER}),
    Step.HAND_ON: _DUTY,
    Step.TRANSFER: _DUTY,
    Step.MERGE: _DUTY | {Role.BRANCH},
    Step.PUBLISH: _DUTY | {Role.BRANCH},
    Step.INVITE: _DUTY,
    Step.CLAIM: frozenset({Role.MEMBER, Role.INVITED}),
    Step.CO_CLAIM: frozenset({Role.MEMBER, Role.INVITED}),
    Step.REVOKE: _DUTY | {Role.ABOVE},
    Step.GIVE_BACK: frozenset({Role.HANDLER, Role.HELPER}),
    Step.LAPSE: frozenset({Role.CLOCK}),
    Step.CONTACT: frozenset({Role.HANDLER, Role.HELPER}),
    Step.PROGRESS: frozenset({Role.HANDLER, Role.HELPER}),
    Step.EXTEND_ASK: frozenset({Role.HANDLER}),
    Step.EXTEND: _DUTY | {Role.ABOVE},
    Step.PAUSE: _DUTY | {Role.ABOVE},
    Step.RESUME: _DUTY | {Role.ABOVE},
    Step.RESOLVE: frozenset({Role.HANDLER}),
    Step.EVALUATE: frozenset({Role.REPORTER}),
    Step.REWORK: frozenset({Role.REPORTER, Role.BRANCH, Role.ABOVE}) | _DUTY,
    Step.VISIT: frozenset({Role.BRANCH, Role.ABOVE}) | _DUTY,
    Step.EXPIRE: frozenset({Role.CLOCK}),
    Step.ARCHIVE: _DUTY | {Role.ABOVE, Role.CLOCK},
    Step.WRITE_OFF: frozenset({Role.LEAD, Role.ABOVE}),
    Step.REOPEN: frozenset({Role.REPORTER, Role.BRANCH}) | _DUTY,
    Step.RELIST: frozenset({Role.CLOCK}),
}
"""Who may take each step; 我也是 (JOIN) is open to whoever may see the case."""
NOT_BY_HANDLERS: Final = frozenset({Step.VISIT, Step.WRITE_OFF, Step.EXTEND, Step.PAUSE, Step.ARCHIVE})
"""Steps that nobody takes on a case which their own organisation handles: they would judge their own work."""
