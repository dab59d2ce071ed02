"""The composition root: the one place where settings become a running whole."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from aiohttp import web

import handlers
from bot import health
from bot.admin import door
from bot.admin.means import CodeRefused, Means
from bot.config import Config, ConfigError
from bot.engine.engine import Engine
from bot.engine.mind import StoredMind
from bot.engine.writer import Writer
from bot.feed.web import Feed
from bot.kit.clock import Clock, real_clock
from bot.language import Language
from bot.language.lexicon import BadSynonyms, read_synonyms
from bot.optional import open_encoder
from bot.pulse import Pulse
from bot.wechat import webhook
from bot.wechat.channels import Channels, standing_consents
from bot.wechat.client import Client
from bot.wechat.codec import Codec
from bot.wechat.errors import ApiError, explain
from bot.work.postman import Postman
from bot.work.rounds import Rounds
from bot.work.seeker import Seeker
from models.moment import local
from models.policy import Notices, Policy
from models.quiet import Quiet
from models.store import Store
from models.vault import Vault


def open_store(config: Config) -> Store:
    """The database of the settings. Raises ConfigError where the key for personal data is missing."""
    if not config.privacy.data_key:
        raise ConfigError(
            "`privacy.data_key` is missing: it seals names and phones. Make one with `python -m bot key` and set "
            "BOT_PRIVACY__DATA_KEY; keep it safe, without it the sealed data cannot be read"
        )
    vault = Vault(config.privacy.data_key, config.privacy.data_key_previous)
    policy = Policy(
        claims_need_approval=config.claims.approval == "before",
        notices=Notices(
            quiet=Quiet.read(config.notices.quiet_hours),
            daily_quota=config.notices.daily_quota,
            standing_consents=standing_consents(config.wechat),
        ),
        public_url=config.server.public_url.rstrip("/"),
        campaigns_by_rule=config.campaigns.by_rule,
        retention=timedelta(days=config.privacy.retention_days),
    )
    return Store(config.database.url, vault, pool_size=config.database.pool_size, policy=policy)


def open_language(config: Config) -> Language:
    """The reader of the settings. Raises ConfigError where its file of words or its encoder cannot be used."""
    path = config.language.synonyms
    try:
        synonyms = read_synonyms(Path(path)) if path else None
    except BadSynonyms as error:
        raise ConfigError(f"`language.synonyms`: {error}") from error
    return Language(synonyms=synonyms, encoder=open_encoder(config.language.encoder == "on"))


async def token_line(config: Config, client: Client) -> str:
    """What is to be said of the platform. Raises ConfigError where it gives no token."""
    if not config.wechat.app_secret:
        raise ConfigError("`wechat.app_secret` is missing: set BOT_WECHAT__APP_SECRET")
    try:
        await client.tokens.current()
    except ApiError as error:
        raise ConfigError(str(error)) from error
    return "令牌能取到"


class Product:
    """Everything that runs in one process."""

    def __init__(self, config: Config, store: Store, clock: Clock = real_clock) -> None:
        """``store``: its schema is current."""
        self.config = config
        self.store = store
        self.clock = clock
        self.mind = StoredMind(store, local(clock()).date(), open_language(config))
        self.writer = Writer(store, threads=config.database.pool_size)
        texts = handlers.texts()
        self.engine = Engine(
            writer=self.writer,
            router=handlers.router(),
            texts=texts,
            mind=self.mind,
            clock=clock,
            deadline_s=config.talk.reply_deadline_s,
            dialogue_timeout_s=config.talk.dialogue_timeout_s,
        )
        self.client = Client(config.wechat)
        channels = Channels(self.client, config.wechat, clock)
        postman = Postman(writer=self.writer, ways=channels, clock=clock, texts=texts)
        self.rounds = Rounds(
            store=store,
            writer=self.writer,
            engine=self.engine,
            postman=postman if config.notices.enabled else None,
            refresh=lambda: self.mind.refresh(local(clock()).date()),
            clock=clock,
            tick_s=config.notices.tick_s,
            draft_timeout=timedelta(seconds=config.talk.draft_timeout_s),
            seeker=Seeker(store=store, engine=self.engine, mind=self.mind, clock=clock)
            if config.notices.enabled
            else None,
        )
        self.pulse = Pulse(
            store,
            self.writer,
            clock,
            config.server.metrics_token,
            config.talk.reply_deadline_s,
            self.rounds.beats,
        )
        self.feed = Feed(store, self.writer, clock, texts)

    def application(self) -> web.Application:
        """The web application; starting it starts everything, ending it ends everything in good order."""
        # One push has at most 256 KiB; the simulator's and the admin's forms are small too.
        app = web.Application(client_max_size=webhook.BODY_LIMIT)
        codec = Codec(self.config.wechat, self.clock)
        app.add_routes(webhook.routes(codec, self.pulse.watched(self.engine.answer)))
        app.add_routes(self.pulse.routes())
        app.add_routes(self.feed.routes())
        door.mount(
            app,
            Means(
                config=self.config,
                store=self.store,
                writer=self.writer,
                engine=self.engine,
                clock=self.clock,
                health=self._health,
                code=self._code,
            ),
        )
        app.cleanup_ctx.append(self._run)
        return app

    async def _health(self) -> list[health.Finding]:
        """What ``doctor`` would say, of this process's own parts."""
        return [
            health.of_settings(self.config),
            *await asyncio.to_thread(health.of_store, self.store, self.clock()),
            await health.find_later("微信接口", lambda: token_line(self.config, self.client)),
            health.of_clock(),
        ]

    async def _code(self, scene: str) -> str:
        """What the QR code of a scene says, as the platform has it."""
        if not self.config.wechat.app_secret:
            raise CodeRefused("还没有填公众号的 app_secret，请在设置里补上")
        try:
            return (await self.client.create_qr(scene)).content
        except ApiError as error:
            raise CodeRefused(explain(error)) from error

    async def _run(self, app: web.Application) -> AsyncIterator[None]:
        self.writer.start()
        self.rounds.start()
        # What was loaded stays for good: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        # A message makes a few thousand objects and hardly a ring among them: the collector may look rarely.
        gc.set_threshold(20_000, 20, 20)
        gc.enable()
        yield
        await self.rounds.stop()
        await asyncio.to_thread(self.writer.stop)
        await self.client.close()
        self.store.close()
