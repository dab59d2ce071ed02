"""The composition root: the one place where settings become a running whole."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import hashlib
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
from aiohttp import web

import handlers
from bot.config import Config, ConfigError, Database, Notices, Privacy, Server, WeChat
from bot.engine.engine import Engine
from bot.engine.mind import StoredMind
from bot.engine.writer import Writer
from bot.kit.clock import Clock, MovableClock, real_clock
from bot.kit.menu import MENU
from bot.pulse import Pulse
from bot.sim import desk
from bot.sim.cast import Phone, load_cast
from bot.sim.platform import Platform
from bot.wechat import webhook
from bot.wechat.channels import Channels
from bot.wechat.client import Client
from bot.wechat.codec import Codec
from bot.work.postman import Postman
from bot.work.rounds import Rounds
from models import schema
from models.moment import local
from models.store import Store, Unit
from models.vault import Vault, new_key

WORLD = Path(__file__).parent / "sim" / "world"
"""The sample world of the demonstration."""
MAIN_CONSORTIUM = "RH01"
"""The consortium of the sample world that the cast belongs to."""


def open_store(config: Config) -> Store:
    """The database of the settings. Raises ConfigError where the key for personal data is missing."""
    if not config.privacy.data_key:
        raise ConfigError(
            "`privacy.data_key` is missing: it seals names and phones. Make one with `python -m bot key` and set "
            "BOT_PRIVACY__DATA_KEY; keep it safe, without it the sealed data cannot be read"
        )
    vault = Vault(config.privacy.data_key, config.privacy.data_key_previous)
    return Store(config.database.url, vault, pool_size=config.database.pool_size)


def check_wechat(config: Config) -> None:
    """Raises ConfigError where something is missing without which no message can be received."""
    for name in ("app_id", "token"):
        if not getattr(config.wechat, name):
            raise ConfigError(f"`wechat.{name}` is missing: set BOT_WECHAT__{name.upper()}")


class Product:
    """Everything that runs in one process."""

    def __init__(self, config: Config, store: Store, clock: Clock = real_clock) -> None:
        """``store``: its schema is current."""
        self.config = config
        self.store = store
        self.clock = clock
        self.mind = StoredMind(store, local(clock()).date())
        self.writer = Writer(store, threads=config.database.pool_size)
        self.engine = Engine(
            writer=self.writer,
            router=handlers.router(),
            texts=handlers.texts(),
            mind=self.mind,
            clock=clock,
            deadline_s=config.talk.reply_deadline_s,
            dialogue_timeout_s=config.talk.dialogue_timeout_s,
        )
        self.client = Client(config.wechat)
        channels = Channels(self.client, config.wechat, clock)
        postman = Postman(writer=self.writer, deliver=channels.deliver, clock=clock)
        self.rounds = Rounds(
            store=store,
            writer=self.writer,
            engine=self.engine,
            postman=postman if config.notices.enabled else None,
            refresh=lambda: self.mind.refresh(local(clock()).date()),
            clock=clock,
            tick_s=config.notices.tick_s,
            draft_timeout=timedelta(seconds=config.talk.draft_timeout_s),
        )
        self.pulse = Pulse(store, self.writer, clock, config.server.metrics_token)

    def application(self) -> web.Application:
        """The web application; starting it starts everything, ending it ends everything in good order."""
        # One push has at most 256 KiB; the simulator's and later the admin's forms are small too.
        app = web.Application(client_max_size=webhook.BODY_LIMIT)
        codec = Codec(self.config.wechat, self.clock)
        app.add_routes(webhook.routes(codec, self.pulse.watched(self.engine.answer)))
        app.add_routes(self.pulse.routes())
        app.cleanup_ctx.append(self._run)
        return app

    async def _run(self, app: web.Application) -> AsyncIterator[None]:
        self.writer.start()
        self.rounds.start()
        # What was loaded stays for good: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        yield
        await self.rounds.stop()
        await asyncio.to_thread(self.writer.stop)
        await self.client.close()
        self.store.close()


# ---- the demonstration -----------------------------------------------------------------------------


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
    kinds = ("case_filed", "supply_chosen", "binding_asked", "appeal_human")
    return Config(
        server=Server(host="127.0.0.1", port=port),
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
        notices=Notices(tick_s=1.0),
        privacy=Privacy(data_key=key),
    )


def open_demo(config: Config, clock: Clock) -> tuple[Store, tuple[Phone, ...]]:
    """The demonstration's database with the sample world in it (loaded once), and the cast that lives there."""
    from bot.commands.importing import load_world

    store = open_store(config)
    schema.upgrade(store)
    load_world(store, WORLD, clock())
    cast = load_cast(WORLD / "cast.toml")
    with store.unit() as unit:
        cast = tuple(_settle(unit, phone, clock) for phone in cast)
    return store, cast


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
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
