"""订阅通知的同意: how many notifications of a template somebody still agreed to, or that they did for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, bindparam, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

if TYPE_CHECKING:
    from models.store import Unit


class Consent(Base):
    """What one person agreed to for one template of subscribe notifications."""

    __tablename__ = "consents"

    openid: Mapped[str] = mapped_column(String(64), primary_key=True)
    template_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sends_left: Mapped[int]
    """Each agreement to a one-time template allows one message, whenever it is sent."""
    standing: Mapped[bool]
    """Agreed for ever (长期订阅); nothing is counted then."""


_OPEN = or_(Consent.sends_left > 0, Consent.standing == true())


class Consents:
    """All consents."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def give(self, openid: str, template_id: str) -> None:
        """The person agreed: to one more message, or for ever where the template is of that kind."""
        standing = template_id in self._unit.policy.notices.standing_consents
        self._unit.connection.execute(
            _GIVE[self._unit.dialect.name],
            {
                "openid": openid,
                "template_id": template_id,
                "sends_left": int(not standing),
                "standing": standing,
            },
        )

    def take_back(self, openid: str, template_id: str) -> None:
        """The person refused, or the platform says that nothing is left."""
        self.take_back_all([(openid, template_id)])

    def take_back_all(self, pairs: Sequence[tuple[str, str]]) -> None:
        """The same for several: openid and template."""
        self._write({"sends_left": 0, "standing": False}, pairs)

    def use_all(self, pairs: Sequence[tuple[str, str]]) -> None:
        """So many messages were sent: openid and template of each."""
        self._write({"sends_left": Consent.sends_left - 1}, pairs, only_counted=True)

    def open_to(self, openids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """The templates that each of these may be sent, for those who may be sent any."""
        query = select(Consent.openid, Consent.template_id).where(Consent.openid.in_(openids), _OPEN)
        found: dict[str, set[str]] = {}
        for openid, template_id in self._unit.connection.execute(query):
            found.setdefault(openid, set()).add(template_id)
        return {openid: frozenset(templates) for openid, templates in found.items()}

    def _write(
        self, values: dict[str, Any], pairs: Sequence[tuple[str, str]], *, only_counted: bool = False
    ) -> None:
        if not pairs:
            return
        change = update(Consent).where(
            Consent.openid == bindparam("whose"), Consent.template_id == bindparam("which")
        )
        if only_counted:
            change = change.where(Consent.sends_left > 0)
        self._unit.connection.execute(
            change.values(values), [{"whose": whose, "which": which} for whose, which in sorted(pairs)]
        )


def _upsert(insert: Any) -> Any:
    new = insert(Consent)
    return new.on_conflict_do_update(
        index_elements=["openid", "template_id"],
        set_={
            "sends_left": Consent.sends_left + new.excluded.sends_left,
            "standing": new.excluded.standing,
        },
    )


_GIVE: Mapping[str, Any] = {"postgresql": _upsert(postgresql.insert), "sqlite": _upsert(sqlite.insert)}
