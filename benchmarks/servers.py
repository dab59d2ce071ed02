"""The measured servers: starting each in a process of its own with a database of its own, and ending it."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

from benchmarks import makers
from benchmarks.account import ACCOUNT, AES_KEY, APP_ID, APP_SECRET, DATA_KEY, TOKEN
from benchmarks.procs import usage

PATIENCE_S = 60.0
"""How long a server may take until it listens."""


class Kind(msgspec.Struct, frozen=True):
    """One way to answer messages."""

    name: str
    command: Callable[[int, Path], list[str]]
    """The command line, given a port and the path of a database."""
    stores: bool = False
    """Whether it needs a database."""
    echo: bool = False
    """Whether the answer has to be the text."""
    needs: tuple[str, ...] = ()
    """Modules without which it cannot run."""


def _gunicorn(application: str) -> Callable[[int, Path], list[str]]:
    def command(port: int, database: Path) -> list[str]:
        options = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--log-level", "warning"]
        return [sys.executable, "-m", "gunicorn", *options, application]

    return command


PRODUCT = Kind("手牵手", lambda port, database: [sys.executable, "-m", "bot", "serve"], stores=True)
USUAL = Kind(
    "usual: aiohttp, wechatpy, async ORM",
    lambda port, database: [sys.executable, "-m", "benchmarks.usual", str(port), str(database)],
    stores=True,
    needs=("aiosqlite", "greenlet"),
)
ECHO = Kind(
    "wechatpy echo, Flask, gunicorn", _gunicorn("benchmarks.echo:app"), echo=True, needs=("flask", "gunicorn")
)
WEROBOT = Kind(
    "WeRoBot keywords, default session",
    _gunicorn("benchmarks.werobot_bot:app"),
    needs=("werobot", "flask", "gunicorn"),
)


class Server:
    """A server that runs."""

    def __init__(
        self, kind: Kind, port: int, folder: Path, environment: dict[str, str], log: BinaryIO
    ) -> None:
        self.kind, self.port, self.folder = kind, port, folder
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            kind.command(port, self.database), cwd=folder, env=environment, stdout=log, stderr=log
        )

    @property
    def url(self) -> str:
        """Where messages go."""
        return f"http://127.0.0.1:{self.port}/wechat"

    @property
    def database(self) -> Path:
        """Its own copy."""
        return self.folder / "bot.db"


@contextlib.contextmanager
def running(
    kind: Kind, *, slow_disk_us: int = 0, wait: bool = True, set_to: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Starts a server in a fresh folder, and ends it. Raises RuntimeError if it does not come up.

    ``set_to``: what is different in its environment.
    """
    (makers.BUILD / "run").mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=makers.BUILD / "run"))
    if kind.stores:
        makers.copy(folder / "bot.db")
    port = free_port()
    environment = settings(port, folder / "bot.db") | dict(set_to or {})
    if slow_disk_us:
        environment |= {"LD_PRELOAD": str(slow_disk()), "SLOWDISK_US": str(slow_disk_us)}
    with (folder / "log").open("wb") as log:
        server = Server(kind, port, folder, environment, log)
        process = server.process
        try:
            if wait:
                await_port(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def settings(port: int, database: Path) -> dict[str, str]:
    """The environment of a server: nothing of this machine's own settings, no letters sent."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    return own | {
        "PYTHONPATH": str(makers.ROOT),
        "BOT_DATABASE__URL": f"sqlite:///{database}",
        "BOT_LOG__LEVEL": "WARNING",
        "BOT_NOTICES__ENABLED": "false",
        "BOT_PRIVACY__DATA_KEY": DATA_KEY,
        "BOT_SERVER__PORT": str(port),
        "BOT_WECHAT__APP_ID": APP_ID,
        "BOT_WECHAT__APP_SECRET": APP_SECRET,
        "BOT_WECHAT__ENCODING_AES_KEY": AES_KEY,
        "BOT_WECHAT__ORIGINAL_ID": ACCOUNT,
        "BOT_WECHAT__TOKEN": TOKEN,
    }


def await_port(server: Server, pause_s: float = 0.05) -> None:
    """Waits until the server listens."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if server.process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
            return
        time.sleep(pause_s)
    said = (server.folder / "log").read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"{server.kind.name} did not start:\n{said[-2000:]}")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NoCompiler(Exception):
    """There is no C compiler, or the slow disk cannot be put in between here."""


def slow_disk() -> Path:
    """The library that slows fsync down, compiled now if need be. Raises NoCompiler."""
    source = Path(__file__).with_name("slowdisk.c")
    library = makers.BUILD / "slowdisk.so"
    if library.exists() and library.stat().st_mtime >= source.stat().st_mtime:
        return library
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or platform.system() != "Linux":
        raise NoCompiler("the slow disk needs Linux and a C compiler (cc); install one to see these rows")
    library.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoCompiler(f"cc could not compile slowdisk.c: {done.stderr.strip()[:300]}")
    return library


def memory_mb(server: Server) -> float:
    """What its processes hold."""
    return usage(server.process.pid).rss_mb
