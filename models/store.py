"""The store: one database, its transactions, and the unit of work that handlers see."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from models.activities import Activities
from models.adminside import AdminSide, all_tables
from models.agenda import Agendas
from models.allowance import Allowance
from models.appeal import Appeals
from models.asking import Asking
from models.attachment import Attachments
from models.attending import Attending
from models.base import Conflict, Happening
from models.belt import Belts
from models.books import Books
from models.calendarlink import CalendarLinks
from models.calendars import Calendars
from models.calling import Calling
from models.calls import Calls
from models.campaigns import Campaigns
from models.case import Case
from models.cases import Cases
from models.casework import Casework
from models.category import Categories
from models.circulars import Circulars
from models.claiming import Claiming
from models.claims import Claims
from models.clocks import Clocks
from models.closing import Closing
from models.consent import Consents
from models.consortium import Consortia
from models.directory import Card, Directory
from models.finding import Findings
from models.founding import Founding
from models.handover import Handovers
from models.heartbeat import Heartbeats
from models.identity import Identities
from models.kept import Kept
from models.meetings import Meetings
from models.member import Member, Members
from models.organisation import Organisation, Organisations
from models.outbox import Outbox
from models.pause import Pauses
from models.pending import PendingSession
from models.policy import Policy
from models.posts import Posts
from models.projects import Projects
from models.received import Inbox
from models.reminding import Reminding
from models.resolving import Resolving
from models.revision import Revisions
from models.rotas import Rotas
from models.rule import Rules
from models.series import Recurring
from models.solving import Solving
from models.standing import Standings
from models.suggestion import Suggestions
from models.supplies import Supplies
from models.supply import Supply
from models.swapping import Swapping
from models.swaps import Swaps
from models.timeline import Timeline
from models.urging import Urgings
from models.uses import Uses
from models.vault import Vault
from models.volunteering import Volunteering
from models.watching import Watching
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

    organisations = Kept(Organisations)
    """组织与职务."""
    posts = Kept(Posts)
    """任职."""
    members = Kept(Members)
    """党员."""
    identities = Kept(Identities)
    """微信身份."""
    consortia = Kept(Consortia)
    """融合体与轮值."""
    rotas = Kept(Rotas)
    """轮值表."""
    swaps = Kept(Swaps)
    """换班."""
    swapping = Kept(Swapping)
    """换班的各步."""
    handovers = Kept(Handovers)
    """交接."""
    founding = Kept(Founding)
    """建体与成员单位."""
    belts = Kept(Belts)
    """发展带与示范点."""
    categories = Kept(Categories)
    """类别."""
    supplies = Kept(Supplies)
    """供需清单."""
    uses = Kept(Uses)
    """占用."""
    cases = Kept(Cases)
    """需求与问题."""
    books = Kept(Books)
    """各家签的清单."""
    standings = Kept(Standings)
    """谁是什么身份."""
    claims = Kept(Claims)
    """认领、派单、延期."""
    casework = Kept(Casework)
    """受理."""
    claiming = Kept(Claiming)
    """认领的各步."""
    solving = Kept(Solving)
    """办理."""
    closing = Kept(Closing)
    """评价与销号."""
    projects = Kept(Projects)
    """项目."""
    timeline = Kept(Timeline)
    """时间线."""
    suggestions = Kept(Suggestions)
    """建议."""
    findings = Kept(Findings)
    """倒着找."""
    attachments = Kept(Attachments)
    """佐证."""
    appeals = Kept(Appeals)
    """转人工."""
    rules = Kept(Rules)
    """关键词规则."""
    inbox = Kept(Inbox)
    """收到的消息."""
    outbox = Kept(Outbox)
    """待发消息."""
    circulars = Kept(Circulars)
    """通知群发."""
    calls = Kept(Calls)
    """电话名单."""
    calling = Kept(Calling)
    """打电话的安排."""
    allowance = Kept(Allowance)
    """推送限度."""
    pauses = Kept(Pauses)
    """停发."""
    consents = Kept(Consents)
    """订阅通知的同意."""
    workdays = Kept(Workdays)
    """工作日历."""
    clocks = Kept(Clocks)
    """时限."""
    urgings = Kept(Urgings)
    """催办、督办、提级."""
    agendas = Kept(Agendas)
    """提醒日程."""
    asking = Kept(Asking)
    """回执."""
    reminding = Kept(Reminding)
    """按日程提醒."""
    calendars = Kept(Calendars)
    """日历订阅的内容."""
    calendar_links = Kept(CalendarLinks)
    """日历订阅的网址."""
    heartbeats = Kept(Heartbeats)
    """各项轮询的心跳."""
    watching = Kept(Watching)
    """自查与告警."""
    campaigns = Kept(Campaigns)
    """需求征集."""
    meetings = Kept(Meetings)
    """联席会议."""
    resolving = Kept(Resolving)
    """会上的决定."""
    activities = Kept(Activities)
    """活动."""
    attending = Kept(Attending)
    """报名、请假、点名."""
    recurring = Kept(Recurring)
    """固定活动."""
    volunteering = Kept(Volunteering)
    """志愿服务记录."""
    revisions = Kept(Revisions)
    """变更计数."""

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
