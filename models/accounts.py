"""All accounts: opening, granting, disabling them; what one may do today. Everything is written into the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import ColumnElement, func, or_, select

from models.account import (
    Account,
    AccountNameTaken,
    AccountUnknown,
    Grant,
    LastAccount,
    OwnAccount,
    ScopeUnusable,
    clean_account_name,
    role_named,
)
from models.audit import Actor
from models.consortium import Consortium
from models.moment import local
from models.organisation import Organisation
from models.remit import NOWHERE, Reach, Right, Span, account_roles, union
from models.signin import SignIn, Try

if TYPE_CHECKING:
    from models.store import Unit

_ACCOUNT: Final = "account"


class Powers(msgspec.Struct, frozen=True):
    """What somebody may do on a day, and where."""

    reaches: dict[Right, Reach] = {}

    def reach(self, right: Right) -> Reach:
        """Where they have that right; nowhere, where they have it not."""
        return self.reaches.get(right, NOWHERE)

    def have(self, right: Right) -> bool:
        """Whether they have it anywhere."""
        return not self.reach(right).nothing


class HeldOf(msgspec.Struct, frozen=True):
    """What a role is held of."""

    name: str
    """Empty: the whole city."""
    organisation_id: int | None = None
    consortium_id: int | None = None


class GrantLine(msgspec.Struct, frozen=True):
    """A grant as it is read."""

    id: int
    account_id: int
    role: str
    label: str
    scope: str
    """The name of what the role is held of; empty: the whole city."""
    since: date
    until: date | None
    held: bool
    """Today."""


class AccountLine(msgspec.Struct, frozen=True):
    """An account as a list has it."""

    account: Account
    grants: tuple[GrantLine, ...]
    last_in: datetime | None


class Accounts:
    """All accounts."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    # ---- looking

    def named(self, name: str) -> Account:
        """The account of that name. Raises AccountUnknown."""
        found = self._unit.session.scalar(select(Account).where(Account.name == clean_account_name(name)))
        if found is None:
            raise AccountUnknown(name=name[:20])
        return found

    def get(self, account_id: int) -> Account:
        """The account of that id. Raises AccountUnknown."""
        found = self._unit.session.get(Account, account_id)
        if found is None:
            raise AccountUnknown(name=str(account_id))
        return found

    def listed(self, today: date, *, limit: int = 200, offset: int = 0) -> tuple[list[AccountLine], int]:
        """Every account by its name, those that may sign in first, and how many there are."""
        total = self._unit.session.scalar(select(func.count()).select_from(Account)) or 0
        found = list(
            self._unit.session.scalars(
                select(Account)
                .order_by(Account.disabled_at.is_not(None), Account.name)
                .limit(limit)
                .offset(offset)
            )
        )
        ids = [account.id for account in found]
        lasts = {
            row[0]: row[1]
            for row in self._unit.session.execute(
                select(SignIn.account_id, func.max(SignIn.at))
                .where(SignIn.account_id.in_(ids), SignIn.outcome == Try.IN.value)
                .group_by(SignIn.account_id)
            )
        }
        grants = self._lines(ids, today)
        return [
            AccountLine(
                account,
                tuple(line for line in grants if line.account_id == account.id),
                lasts.get(account.id),
            )
            for account in found
        ], total

    def grants(self, account_id: int, today: date) -> list[GrantLine]:
        """Every grant that an account ever had, the newest first."""
        return self._lines([account_id], today)

    def powers(self, account_id: int, today: date) -> Powers:
        """What an account may do today."""
        grants = self._unit.session.scalars(
            select(Grant).where(Grant.account_id == account_id, *_held(today))
        )
        parts: dict[Right, list[Reach]] = {}
        for grant in grants:
            role = account_roles().get(grant.role)
            for right in role.rights if role is not None else ():
                parts.setdefault(right, []).append(_reach(grant))
        return Powers({right: union(reaches) for right, reaches in parts.items()})

    def _lines(self, account_ids: Iterable[int], today: date) -> list[GrantLine]:
        query = (
            select(Grant, func.coalesce(Organisation.name, Consortium.name, ""))
            .outerjoin(Organisation, Organisation.id == Grant.organisation_id)
            .outerjoin(Consortium, Consortium.id == Grant.consortium_id)
            .where(Grant.account_id.in_(list(account_ids)))
            .order_by(Grant.id.desc())
        )
        return [
            GrantLine(
                id=grant.id,
                account_id=grant.account_id,
                role=grant.role,
                label=role.label if (role := account_roles().get(grant.role)) is not None else grant.role,
                scope=scope,
                since=grant.since,
                until=grant.until,
                held=grant.holds(today),
            )
            for grant, scope in self._unit.session.execute(query)
        ]

    # ---- changing

    def open(
        self,
        name: str,
        password_hash: str,
        *,
        must_change: bool,
        by: Actor,
        now: datetime,
        member_id: int | None = None,
    ) -> Account:
        """A new account without rights. Raises AccountNameUnusable, AccountNameTaken."""
        account = Account.open(
            name=name, password_hash=password_hash, must_change=must_change, member_id=member_id, now=now
        )
        taken = self._unit.session.scalar(select(Account.id).where(Account.name == account.name))
        if taken is not None:
            raise AccountNameTaken(name=account.name)
        self._unit.session.add(account)
        self._unit.session.flush()
        self._written(by, "account_open", account, now)
        return account

    def give(
        self, account: Account, role: str, scope_code: str, *, until: date | None, by: Actor, now: datetime
    ) -> Grant:
        """Gives an account a role of the organisation or consortium with that 编号, or of the whole city (empty).

        Raises:
            OwnAccount: one's own rights are for somebody else to change.
            AccountRoleUnknown, ScopeUnusable: no such role, or not of that.
        """
        self._not_own(account, by)
        held = self.scope_of(role, scope_code)
        grant = Grant.give(
            account_id=account.id,
            role=role,
            organisation_id=held.organisation_id,
            consortium_id=held.consortium_id,
            since=local(now).date(),
            until=until,
        )
        self._unit.session.add(grant)
        account.rights_changed()
        self._unit.session.flush()
        after = {"role": role_named(role).label, "scope": held.name, "until": until or ""}
        self._written(by, "grant_give", account, now, after=after)
        return grant

    def scope_of(self, role: str, scope_code: str) -> HeldOf:
        """What a role would be held of: by the 编号 of an organisation or consortium; empty for the whole city.

        Raises:
            AccountRoleUnknown, ScopeUnusable: no such role, or not of that.
        """
        on_file, code = role_named(role), scope_code.strip()
        if on_file.scope is Span.ORGANISATION and code:
            organisation = self._unit.organisations.by_code(code)
            if organisation is not None:
                return HeldOf(organisation.name, organisation_id=organisation.id)
        elif on_file.scope is Span.CONSORTIUM and code:
            consortium = self._unit.consortia.by_code(code)
            if consortium is not None:
                return HeldOf(consortium.name, consortium_id=consortium.id)
        elif on_file.scope is Span.WHOLE and not code:
            return HeldOf("")
        raise ScopeUnusable(role=on_file.label)

    def take(self, grant_id: int, account: Account, *, by: Actor, now: datetime) -> None:
        """Takes a grant back. Raises OwnAccount, AccountUnknown (it is not this account's), LastAccount."""
        self._not_own(account, by)
        grant = self._unit.session.get(Grant, grant_id)
        today = local(now).date()
        if grant is None or grant.account_id != account.id:
            raise AccountUnknown(name=account.name)
        line = next(line for line in self._lines([account.id], today) if line.id == grant.id)
        managed = self._somebody_manages(today)
        grant.ends(today)
        account.rights_changed()
        self._unit.session.flush()
        self._keep_somebody(managed, today)
        self._written(
            by,
            "grant_take",
            account,
            now,
            before={"role": line.label, "scope": line.scope, "until": line.until or ""},
        )

    def disable(self, account: Account, *, by: Actor, now: datetime) -> None:
        """Takes the account away and signs it out everywhere. Raises OwnAccount, LastAccount."""
        self._not_own(account, by)
        today = local(now).date()
        managed = self._somebody_manages(today)
        account.disable(now)
        self._unit.session.flush()
        self._keep_somebody(managed, today)
        self._unit.signins.end_all(account.id, now)
        self._written(by, "account_disable", account, now)

    def enable(self, account: Account, *, by: Actor, now: datetime) -> None:
        """Gives the account back. Raises OwnAccount."""
        self._not_own(account, by)
        account.enable()
        self._written(by, "account_enable", account, now)

    def reset_password(
        self, account: Account, password_hash: str, *, must_change: bool, by: Actor, now: datetime
    ) -> None:
        """Somebody else sets the password: every session ends, and wrong tries are forgiven."""
        account.set_password(password_hash, must_change=must_change, now=now)
        self._unit.signins.end_all(account.id, now)
        self._unit.signins.forgive(account)
        self._written(by, "password_reset", account, now)

    def change_password(self, account: Account, password_hash: str, *, by: Actor, now: datetime) -> None:
        """The owner sets another one."""
        account.set_password(password_hash, must_change=False, now=now)
        self._written(by, "password_change", account, now)

    def forgive(self, account: Account, *, by: Actor, now: datetime) -> None:
        """Whoever mistyped too often may try again at once."""
        self._unit.signins.forgive(account)
        self._written(by, "account_unlock", account, now)

    def _not_own(self, account: Account, by: Actor) -> None:
        if by.account_id == account.id:
            raise OwnAccount(name=account.name)

    def _keep_somebody(self, managed: bool, today: date) -> None:
        """Refuses where somebody could manage accounts before, and now nobody can."""
        if managed and not self._somebody_manages(today):
            raise LastAccount()

    def _somebody_manages(self, today: date) -> bool:
        managing = [role.name for role in account_roles().values() if Right.ACCOUNTS in role.rights]
        query = (
            select(Account.id)
            .join(Grant, Grant.account_id == Account.id)
            .where(Account.disabled_at.is_(None), Grant.role.in_(managing), *_held(today))
        )
        return self._unit.session.scalar(query.limit(1)) is not None

    def _written(
        self,
        by: Actor,
        action: str,
        account: Account,
        now: datetime,
        *,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        self._unit.audit.note(
            by,
            action,
            subject=_ACCOUNT,
            subject_id=account.id,
            named=account.name,
            before=before,
            after=after,
            now=now,
        )


def _held(today: date) -> tuple[ColumnElement[bool], ...]:
    return (Grant.since <= today, or_(Grant.until.is_(None), Grant.until >= today))


def _reach(grant: Grant) -> Reach:
    if grant.organisation_id is not None:
        return Reach(organisations=frozenset((grant.organisation_id,)))
    if grant.consortium_id is not None:
        return Reach(consortia=frozenset((grant.consortium_id,)))
    return Reach(everything=True)
