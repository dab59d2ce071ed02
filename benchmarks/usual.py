"""The same job as it is usually written: what the product is compared with.

aiohttp and wechatpy in front, SQLAlchemy's asynchronous ORM over aiosqlite behind, a session for each request and a
commit for each message. Reading, matching and rules are the product's own objects, made once; the tables, their
indexes and the sealing of personal data are the product's too, and so are the pragmas: WAL, ``synchronous=FULL``.
Rarer conversations (lists, the rota, withdrawing) are left out: where it does less than the product, it gains by it.

``python -m benchmarks.usual PORT DATABASE``
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

from benchmarks.account import AES_KEY, APP_ID, DATA_KEY, TOKEN
from benchmarks.usual_job import Conversation
from bot.engine.mind import StoredMind
from bot.kit.clock import real_clock
from models.moment import local
from models.store import Store
from models.vault import Vault


class Bot:
    """What all requests share."""

    def __init__(self, engine: AsyncEngine, mind: StoredMind, vault: Vault) -> None:
        self.sessions = async_sessionmaker(engine, expire_on_commit=False)
        self.mind, self.vault = mind, vault
        self.crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)

    async def receive(self, request: web.Request) -> web.Response:
        """One push."""
        query = request.query
        stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        try:
            check_signature(TOKEN, query.get("signature", ""), stamp, nonce)
            body = self.crypto.decrypt_message(
                await request.read(), query.get("msg_signature", ""), stamp, nonce
            )
        except (InvalidSignatureException, InvalidAppIdException):
            return web.Response(status=403)
        message = parse_message(body)
        async with self.sessions() as session:
            text = await Conversation(self.mind, self.vault, session, message).answer()
            await session.commit()
        reply = create_reply(text, message).render()
        return web.Response(
            text=self.crypto.encrypt_message(reply, nonce, stamp), content_type="application/xml"
        )


def open_engine(path: str) -> AsyncEngine:
    """One connection: with more, SQLite's writers get into each other's way and all become slower."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=1, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def mend(connection: Any, _: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


async def application(path: str) -> web.Application:
    """The web application."""
    vault = Vault(DATA_KEY)
    store = Store(f"sqlite:///{path}", vault)
    mind = StoredMind(store, local(real_clock()).date())
    store.close()
    engine = open_engine(path)
    app = web.Application()
    app.add_routes([web.post("/wechat", Bot(engine, mind, vault).receive)])

    async def close(_: web.Application) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    app.cleanup_ctx.append(close)
    return app


if __name__ == "__main__":
    try:
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    except ImportError:
        pass
    web.run_app(
        application(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None
    )
