"""One sender in a process of its own: ``python -m benchmarks.drain_job URL KEY API ours|rows SECONDS``; prints figures as JSON.

``ours`` is the product's postman with its channels and its client. ``rows`` sends through the same client and the
same channels, but takes, sends and settles each letter by itself, as senders usually do.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

import handlers
from benchmarks.loadgen import loop_factory
from bot.config import WeChat
from bot.engine.writer import Writer
from bot.kit.clock import Clock, real_clock
from bot.wechat.channels import Channels
from bot.wechat.client import Client
from bot.work.postman import Postman
from models.identity import Identity
from models.letter import Letter
from models.owed import Body, OutboxRow
from models.policy import Notices, Policy
from models.quiet import Quiet
from models.store import Store
from models.vault import Vault

WORKERS = 200
SETTINGS: dict[str, Any] = {
    "app_id": "wx1",
    "app_secret": "s",
    "templates": {"case": "TPL thing1=title character_string2=number thing3=who"},
}


def main() -> None:
    """Sends what is due and tells what it cost."""
    url, key, api, how, seconds = sys.argv[1:]
    policy = Policy(notices=Notices(quiet=Quiet(), daily_quota=10_000_000))
    store = Store(url, Vault(key), policy=policy)
    # As the product does when it runs.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        figures = runner.run(_send(store, WeChat(**SETTINGS, api_base=api), how, float(seconds)))
    store.close()
    print(msgspec.json.encode(figures).decode())


async def _send(store: Store, settings: WeChat, how: str, seconds: float) -> dict[str, float]:
    clock = real_clock
    async with Client(settings) as client:
        await client.tokens.current()
        channels = Channels(client, settings, clock)
        memory: list[float] = []
        watching = asyncio.create_task(_watch(memory))
        cpu, began = time.process_time(), time.perf_counter()
        sender = _ours if how == "ours" else _rows
        sent = await sender(store, channels, clock, seconds)
        took = time.perf_counter() - began
        cpu = time.process_time() - cpu
        watching.cancel()
    return {
        "sent": sent,
        "seconds": took,
        "cpu_s": cpu,
        "rss_begin_mb": memory[0] if memory else 0.0,
        "rss_end_mb": memory[-1] if memory else 0.0,
        "rss_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


async def _ours(store: Store, channels: Channels, clock: Clock, seconds: float) -> int:
    writer = Writer(store, threads=2)
    writer.start()
    postman = Postman(writer=writer, ways=channels, clock=clock, texts=handlers.texts())
    run = asyncio.ensure_future(postman.deliver_due())
    await asyncio.wait([run], timeout=seconds)
    if not run.done():
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    await asyncio.to_thread(writer.stop)
    return postman.tried


async def _rows(store: Store, channels: Channels, clock: Clock, seconds: float) -> int:
    """Many workers, each with one letter at a time: a transaction to take it, one to settle it."""
    ends = time.perf_counter() + seconds
    sent = 0

    async def work() -> None:
        nonlocal sent
        while time.perf_counter() < ends:
            letter = await asyncio.to_thread(take)
            if letter is None:
                return
            outcome = await channels.deliver(letter)
            await asyncio.to_thread(settle, letter.id, outcome.message_id)
            sent += 1

    def take() -> Letter | None:
        with store.unit() as unit:
            row = unit.session.scalar(
                select(OutboxRow)
                .where(
                    OutboxRow.state == "pending", OutboxRow.due_at <= clock(), OutboxRow.lease_until.is_(None)
                )
                .order_by(OutboxRow.priority, OutboxRow.due_at, OutboxRow.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is None:
                return None
            row.lease_until = clock()
            openid = unit.session.scalars(
                select(Identity.openid).where(Identity.member_id == row.member_id)
            ).one()
            body = Body.open(row.body_sealed or b"", unit.vault)
            return Letter(
                id=row.id,
                openid=openid,
                kind=row.kind,
                text=body.text,
                fields=body.fields,
                client_msg_id=f"sqs{row.id}",
                window_open=False,
            )

    def settle(letter_id: int, message_id: str) -> None:
        with store.unit() as unit:
            row = unit.session.get_one(OutboxRow, letter_id)
            row.state, row.message_id, row.lease_until = "sent", message_id, None

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    return sent


async def _watch(memory: list[float]) -> None:
    while True:
        fields = Path("/proc/self/statm").read_text().split()  # noqa: ASYNC240 - the kernel answers at once
        memory.append(int(fields[1]) * resource.getpagesize() / 2**20)
        await asyncio.sleep(1.0)


if __name__ == "__main__":
    main()
