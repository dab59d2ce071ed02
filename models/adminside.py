"""What a unit offers to the web admin alone: loaded when it is asked for, since members' messages never do."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from models.accounts import Accounts
    from models.audit import Audit
    from models.overview import Overview
    from models.roll import Roll
    from models.signin import SignIns
    from models.store import Unit


def all_tables() -> MetaData:
    """Every table, those of the web admin too: a server starts a few hundredths of a second sooner without them."""
    import models.accounts
    import models.audit  # noqa: F401
    from models.base import Base

    return Base.metadata


class AdminSide:
    """The collections behind the pages; part of every unit."""

    @cached_property
    def accounts(self) -> Accounts:
        """后台账号."""
        from models.accounts import Accounts

        return Accounts(cast("Unit", self))

    @cached_property
    def signins(self) -> SignIns:
        """登录."""
        from models.signin import SignIns

        return SignIns(cast("Unit", self))

    @cached_property
    def audit(self) -> Audit:
        """审计."""
        from models.audit import Audit

        return Audit(cast("Unit", self))

    @cached_property
    def roll(self) -> Roll:
        """名册."""
        from models.roll import Roll

        return Roll(cast("Unit", self))

    @cached_property
    def overview(self) -> Overview:
        """总览."""
        from models.overview import Overview

        return Overview(cast("Unit", self))
