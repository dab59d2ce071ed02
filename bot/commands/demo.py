"""``demo``: the whole product on the embedded default, with the simulated platform and a sample world around it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import socket
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import msgspec
from aiohttp import web

from bot.app import Product, open_store
from bot.commands.importing import load_world
from bot.config import Admin, Config, Database, Language, Notices, Privacy, Server, WeChat
from bot.kit.clock import Clock, MovableClock
from bot.kit.menu import MENU
from bot.optional import encoder_wished
from bot.sim import desk
from bot.sim.cast import Phone, load_cast
from bot.sim.platform import Platform
from models import schema
from models.audit import Actor
from models.moment import local
from models.password import hash_password
from models.store import Store, Unit
from models.vault import new_key

WORLD = Path(__file__).parents[1] / "sim" / "world"
"""The sample world of the demonstration."""
MAIN_CONSORTIUM = "RH01"
"""The consortium of the sample world that the cast belongs to."""


ACCOUNT = "demo"
"""The account of the web admin."""


class Demo(msgspec.Struct, frozen=True):
    """A running demonstration."""

    platform: Platform
    clock: MovableClock
    url: str


def demo_config(port: int, folder: Path) -> Config:
    """Settings for the embedded default: SQLite in ``folder``, keys made once and kept there, the simulator as platform."""
    folder.mkdir(parents=True, exist_ok=True)
    key_file = folder / "demo.key"
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(new_key())
    key = key_file.read_text().strip()
    secret = hashlib.sha256(b"demo" + base64.b64decode(key)).digest()
    template = "{}_TEMPLATE thing1=title character_string2=number thing3=who"
    kinds = ("case_filed", "case", "supply", "book", "binding", "appeal")
    return Config(
        server=Server(host="127.0.0.1", port=port, public_url=f"http://127.0.0.1:{port}"),
        database=Database(url=f"sqlite:///{folder / 'demo.db'}"),
        wechat=WeChat(
            app_id="wxdemo0000000000",
            app_secret=secret.hex(),
            token=secret.hex()[:24],
            encoding_aes_key=base64.b64encode(secret).decode().rstrip("="),
            original_id="gh_shouqianshou",
            api_base=f"http://127.0.0.1:{port}/sim/api",
            templates={kind: template.format(kind.upper()) for kind in kinds},
        ),
        # Whoever tries it at night is to see what happens, too.
        notices=Notices(tick_s=1.0, quiet_hours=""),
        admin=Admin(cookie_secure=False),
        privacy=Privacy(data_key=key),
        language=Language(encoder="on" if encoder_wished(None, None) else "off"),
    )


def open_demo(config: Config, clock: Clock) -> tuple[Store, tuple[Phone, ...]]:
    """The demonstration's database with the sample world in it (loaded once), and the cast that lives there."""
    store = open_store(config)
    schema.upgrade(store)
    load_world(store, WORLD, clock())
    cast = load_cast(WORLD / "cast.toml")
    _admit(store, config, clock())
    with store.unit() as unit:
        cast = tuple(_settle(unit, phone, clock) for phone in cast)
    return store, cast


def demo_password(config: Config) -> str:
    """The password of the demonstration's account: the same for one folder, and no other folder's."""
    letters = hashlib.sha256(b"admin" + base64.b64decode(config.privacy.data_key)).hexdigest()
    return f"{letters[:5]}-{letters[5:10]}"


def _admit(store: Store, config: Config, now: datetime) -> None:
    """An account of the web admin that may do everything; made once."""
    operator = Actor(None, "演示")
    with store.reading() as unit:
        if unit.accounts.listed(local(now).date(), limit=1)[1]:
            return
    kept = hash_password(demo_password(config))
    with store.unit() as unit:
        account = unit.accounts.open(ACCOUNT, kept, must_change=False, by=operator, now=now)
        for role in ("city", "auditor"):
            unit.accounts.give(account, role, "", until=None, by=operator, now=now)


def _settle(unit: Unit, phone: Phone, clock: Clock) -> Phone:
    """Binds a phone of the cast to its member, as if it had been done long ago.

    The chair's phone is with whoever chairs the main consortium this month.
    """
    if not phone.bound:
        return phone
    main = unit.consortia.by_code(MAIN_CONSORTIUM) if phone.key == "chair" else None
    chair = unit.consortia.chair(main.id, local(clock()).date()) if main else None
    officer = next(iter(unit.card(chair[1].id, clock()).desk), None) if chair else None
    if officer is not None and (member := unit.members.get(officer.member_id)) is not None:
        phone = msgspec.structs.replace(phone, name=officer.name, phone=member.phone(unit.vault))
    member = unit.members.with_phone(phone.phone)
    if member is not None:
        unit.inbox.greet(phone.openid, wrote=False, gesture=False, now=clock())
        identity = unit.identities.of(phone.openid)
        identity.agree(clock())
        identity.bind(member.id, clock())
    return phone


def demo_app(
    product: Product, cast: tuple[Phone, ...], clock: MovableClock
) -> tuple[web.Application, Platform]:
    """The product with the simulated platform around it."""
    app = product.application()
    config = product.config
    platform = Platform(cast, config.wechat, f"http://127.0.0.1:{config.server.port}/wechat", clock)
    with product.store.reading() as unit:
        members = [unit.members.with_phone(phone.phone) for phone in cast if phone.bound]
        branches = [
            unit.organisations.get(member.organisation_id) for member in members if member is not None
        ]
        codes = dict.fromkeys((f"org:{branch.code}", branch.name) for branch in branches)
    desk.mount(app, platform, clock, on_clock_moved=product.rounds.all_now, codes=list(codes))
    platform.menu = MENU
    return app, platform


@contextlib.asynccontextmanager
async def start_demo(port: int = 0, folder: Path | None = None) -> AsyncIterator[Demo]:
    """A demonstration in this process, on a free port of this machine; without a folder it leaves nothing behind."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = port or _free_port()
        clock = MovableClock()
        config = demo_config(port, folder)
        store, cast = await asyncio.to_thread(open_demo, config, clock)
        app, platform = demo_app(Product(config, store, clock), cast, clock)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, config.server.host, port).start()
            yield Demo(platform, clock, f"http://127.0.0.1:{port}")
        finally:
            await runner.cleanup()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
