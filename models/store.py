"""The store: one database, its transactions, and the unit of work that handlers see."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from models.adminside import AdminSide, all_tables
from models.agenda import Agendas
from models.appeal import Appeals
from models.asking import Asking
from models.attachment import Attachments
from models.base import Conflict, Happening
from models.books import Books
from models.case import Case
from models.cases import Cases
from models.casework import Casework
from models.category import Categories
from models.claiming import Claiming
from models.claims import Claims
from models.clocks import Clocks
from models.closing import Closing
from models.consortium import Consortia
from models.directory import Card, Directory
from models.finding import Findings
from models.identity import Identities
from models.member import Member, Members
from models.organisation import Organisation, Organisations
from models.outbox import Outbox
from models.pending import PendingSession
from models.policy import Policy
from models.projects import Projects
from models.received import Inbox
from models.reminding import Reminding
from models.revision import Revisions
from models.rule import Rules
from models.solving import Solving
from models.standing import Standings
from models.suggestion import Suggestions
from models.supplies import Supplies
from models.supply import Supply
from models.timeline import Timeline
from models.urging import Urgings
from models.uses import Uses
from models.vault import Vault
from models.workday import Workdays

metadata: MetaData
"""All tables; whoever imports the name gets those of the web admin loaded too."""


def __getattr__(name: str) -> MetaData:
    if name == "metadata":
        return all_tables()
    raise AttributeError(name)


CONFLICTS = (IntegrityError, OperationalError, StaleDataError, Conflict)
"""What may go away when the same work is done again: somebody was faster, a deadlock, a lost lock."""


class Unit(AdminSide):
    """One piece of work in one transaction: the collections, and what happened on the way."""

    def __init__(self, session: PendingSession, vault: Vault, directory: Directory, policy: Policy) -> None:
        self._session = session
        self.policy = policy
        line = session.line
        self.driver: Any = line.driver
        self.dialect = line.dialect
        self.refusals = line.refusals
        self.pending = session.pending
        self.foreseen = session.foreseen
        self.settle = session.settle
        self.vault = vault
        self.directory = directory
        self.happenings: list[Happening] = []
        self.letters_posted = False

    @property
    def session(self) -> Session:
        """The session, for entities. What waits to be written is written first; what was foreseen is doubted."""
        self.foreseen.doubt()
        self._session.settle()
        self._session.used = True
        return self._session

    @property
    def connection(self) -> Connection:
        """The same, for statements of one's own."""
        self.foreseen.doubt()
        self._session.settle()
        return self._session.line.connection

    def tell(self, happening: Happening) -> None:
        """Something became true; whoever has to hear of it is told when the handler has finished."""
        self.happenings.append(happening)

    def card(self, organisation_id: int, now: datetime) -> Card:
        """The directory's card of one organisation."""
        return self.directory.card(organisation_id, self, now)

    def counts(self) -> dict[str, int]:
        """How many rows the main tables have."""
        tables = (Organisation, Member, Supply, Case)
        return {
            table.__tablename__: self.session.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
        }

    def question(self, category: str) -> str:
        """The directory's question for the place of a matter of that category; empty: none is needed."""
        return self.directory.question(category, self)

    @cached_property
    def organisations(self) -> Organisations:
        """组织与职务."""
        return Organisations(self)

    @cached_property
    def members(self) -> Members:
        """党员."""
        return Members(self)

    @cached_property
    def identities(self) -> Identities:
        """微信身份."""
        return Identities(self)

    @cached_property
    def consortia(self) -> Consortia:
        """融合体与轮值."""
        return Consortia(self)

    @cached_property
    def categories(self) -> Categories:
        """类别."""
        return Categories(self)

    @cached_property
    def supplies(self) -> Supplies:
        """供需清单."""
        return Supplies(self)

    @cached_property
    def uses(self) -> Uses:
        """占用."""
        return Uses(self)

    @cached_property
    def cases(self) -> Cases:
        """需求与问题."""
        return Cases(self)

    @cached_property
    def books(self) -> Books:
        """各家签的清单."""
        return Books(self)

    @cached_property
    def standings(self) -> Standings:
        """谁是什么身份."""
        return Standings(self)

    @cached_property
    def claims(self) -> Claims:
        """认领、派单、延期."""
        return Claims(self)

    @cached_property
    def casework(self) -> Casework:
        """受理."""
        return Casework(self)

    @cached_property
    def claiming(self) -> Claiming:
        """认领的各步."""
        return Claiming(self)

    @cached_property
    def solving(self) -> Solving:
        """办理."""
        return Solving(self)

    @cached_property
    def closing(self) -> Closing:
        """评价与销号."""
        return Closing(self)

    @cached_property
    def projects(self) -> Projects:
        """项目."""
        return Projects(self)

    @cached_property
    def timeline(self) -> Timeline:
        """时间线."""
        return Timeline(self)

    @cached_property
    def suggestions(self) -> Suggestions:
        """建议."""
        return Suggestions(self)

    @cached_property
    def findings(self) -> Findings:
        """倒着找."""
        return Findings(self)

    @cached_property
    def attachments(self) -> Attachments:
        """佐证."""
        return Attachments(self)

    @cached_property
    def appeals(self) -> Appeals:
        """转人工."""
        return Appeals(self)

    @cached_property
    def rules(self) -> Rules:
        """关键词规则."""
        return Rules(self)

    @cached_property
    def inbox(self) -> Inbox:
        """收到的消息."""
        return Inbox(self)

    @cached_property
    def outbox(self) -> Outbox:
        """待发消息."""
        return Outbox(self)

    @cached_property
    def workdays(self) -> Workdays:
        """工作日历."""
        return Workdays(self)

    @cached_property
    def clocks(self) -> Clocks:
        """时限."""
        return Clocks(self)

    @cached_property
    def urgings(self) -> Urgings:
        """催办、督办、提级."""
        return Urgings(self)

    @cached_property
    def agendas(self) -> Agendas:
        """提醒日程."""
        return Agendas(self)

    @cached_property
    def asking(self) -> Asking:
        """回执."""
        return Asking(self)

    @cached_property
    def reminding(self) -> Reminding:
        """按日程提醒."""
        return Reminding(self)

    @cached_property
    def revisions(self) -> Revisions:
        """变更计数."""
        return Revisions(self)


class Store:
    """One database, SQLite or PostgreSQL."""

    def __init__(self, url: str, vault: Vault, *, pool_size: int = 4, policy: Policy | None = None) -> None:
        """``url`` as in the settings: ``sqlite:///path`` or ``postgresql://…``."""
        self.vault = vault
        self.policy = policy or Policy()
        self.directory = Directory()
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url) if self.is_sqlite else _postgresql(url, pool_size)
        self._readers = self.engine.execution_options(reading=True)

    @contextlib.contextmanager
    def session(self) -> Iterator[PendingSession]:
        """A session in a transaction that is committed at the end, or undone if anything is raised."""
        with PendingSession(self.engine) as session, session.begin():
            yield session

    @contextlib.contextmanager
    def unit(self) -> Iterator[Unit]:
        """One unit of work in a transaction of its own."""
        with self.session() as session:
            yield self.unit_in(session)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Unit]:
        """A unit of work that only reads: it never waits for a writer, and nothing it does is kept."""
        with PendingSession(self._readers) as session, session.begin() as transaction:
            yield self.unit_in(session)
            session.expunge_all()  # what was read stays readable when the transaction is over
            transaction.rollback()

    def unit_in(self, session: PendingSession) -> Unit:
        """A unit of work inside a transaction that somebody else opened."""
        return Unit(session, self.vault, self.directory, self.policy)

    def close(self) -> None:
        """Lets go of every connection."""
        self.engine.dispose()


def _sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def mend(connection: Any, _: Any) -> None:
        # The driver's own transaction handling breaks savepoints; we begin by ourselves, and at once as a
        # writer, so that two transactions queue up instead of failing half-way.
        connection.isolation_level = None
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-32000")
        # A page that many messages touch goes back into the file once in 16 MB of log, not once in 4.
        connection.execute("PRAGMA wal_autocheckpoint=4000")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(connection: Any) -> None:
    """Switches a new file to the write-ahead log; two that do so at once are refused without any waiting."""
    for _ in range(500):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(0.02)
        else:
            return
    connection.execute("PRAGMA journal_mode=WAL")


def _postgresql(url: str, pool_size: int) -> Engine:
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size + 4,
        pool_pre_ping=True,
    )
