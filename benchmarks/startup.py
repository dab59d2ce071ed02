"""From the command to the first answer, and what it takes of memory by then."""

from __future__ import annotations

import http.client
import time

from benchmarks import driving, makers
from benchmarks.account import openid
from benchmarks.loadgen import Envelope, read, request
from benchmarks.report import Table, median, spread
from benchmarks.servers import PATIENCE_S, PRODUCT, Server, memory_mb, running

PAUSE_S = 0.01
AFTER = 2_000
"""Messages until the second look at the memory."""


def measure(quick: bool) -> list[Table]:
    """The table."""
    makers.database()
    plan = driving.plan(AFTER)
    waits, first, later = [], [], []
    for _ in range(3 if quick else 5):
        with running(PRODUCT, wait=False) as server:
            _first_answer(server)
            waits.append(time.perf_counter() - server.started)
            first.append(memory_mb(server))
            driving.warm_up(server, 1_000)
            driving.Driver(server, plan).run(AFTER - 1_000)
            later.append(memory_mb(server))
    kept = median(waits) <= 2 and median(first) <= 200
    return [
        Table(
            title="Start: 80,000 members and 3,000 entries on file",
            head=["", "median (least–greatest)"],
            rows=[
                ["command to first answer, s", spread(waits, ".2f")],
                ["RSS at the first answer, MB", spread(first)],
                [f"RSS after {AFTER:,} messages, MB", spread(later)],
            ],
            remarks=[f"At most 2 s and 200 MB at the first answer: {'reached' if kept else 'MISSED'}."],
            figures={"seconds": waits, "first_mb": first, "later_mb": later},
        )
    ]


def _first_answer(server: Server) -> None:
    envelope, sender = Envelope(), openid(2)
    push = request(server.url, sender, "帮助", int(time.time() * 1000) << 20, envelope)
    head, _, body = push.partition(b"\r\n\r\n")
    path = head.split()[1].decode()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        try:
            connection.request("POST", path, body, {"Content-Type": "text/xml"})
            answer = connection.getresponse()
            if answer.status == 200 and read(answer.read(), sender, envelope):
                return
        except OSError:
            time.sleep(PAUSE_S)
        finally:
            connection.close()
    raise RuntimeError("no answer")
