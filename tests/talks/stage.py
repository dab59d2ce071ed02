"""The stage on which conversation scripts are played: the real engine and database, a clock that scripts move."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import handlers
from bot.commands.importing import load_world
from bot.engine.engine import Engine
from bot.engine.mind import StoredMind
from bot.engine.writer import Writer
from bot.kit.clock import MovableClock
from bot.kit.message import (
    Followed,
    Image,
    Inbound,
    Link,
    Location,
    MenuTapped,
    Scanned,
    Text,
    Unfollowed,
    Voice,
)
from bot.language import Language
from bot.work.postman import Postman
from bot.work.rounds import Rounds
from bot.work.seeker import Seeker
from models import schema
from models.due import Route, WindowThenTemplate
from models.letter import CUSTOM, Letter, Outcome, Verdict
from models.moment import SHANGHAI, local
from models.pause import Pause
from models.policy import Policy
from models.store import Store

WORLD = Path(__file__).parent / "world"
START = datetime(2026, 5, 11, 9, 0, tzinfo=SHANGHAI)
"""A Monday."""
COLLECTING = "# 设：到日子自动征集需求"
"""The remark of a script in which campaigns open by the rule."""

_LINE = re.compile(r"^([^：\s]{1,12}(?:（[^）]*）)?)：(.*)$")
_ACT = re.compile(r"^〔(\S+?)(?:\s+(.+))?〕$")
_SPAN = re.compile(r"^(\d+)(分钟|小时|天)$")
_MINUTES = {"分钟": 1, "小时": 60, "天": 1440}


class ScriptError(AssertionError):
    """What was said is not what the script says; shown as a proof-reader would."""


@dataclass
class Cue:
    """One entry of a script."""

    line: int
    who: str
    words: str


def read(path: Path) -> list[Cue]:
    """The cues of a script: ``who：words``; lines that begin with a space go on; ``#`` is a remark."""
    cues: list[Cue] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] in " \u3000\t":
            if not cues:
                raise ScriptError(f"{path.name}:{number}: 第一行不能缩进")
            cues[-1].words += "\n" + line.strip()
            continue
        found = _LINE.match(line)
        if not found:
            raise ScriptError(f"{path.name}:{number}: 看不懂这一行：{line}")
        cues.append(Cue(number, found[1], found[2].strip()))
    return cues


def _collects(path: Path) -> bool:
    return COLLECTING in path.read_text(encoding="utf-8")


@dataclass
class Stage:
    """One performance."""

    store: Store
    language: Language
    clock: MovableClock = field(default_factory=lambda: MovableClock(START))
    pushed: list[tuple[str, str]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def prepare(self) -> None:
        """Schema, the small world, and everybody on the roster bound."""
        schema.upgrade(self.store)
        load_world(self.store, WORLD, self.clock())
        with self.store.unit() as unit:
            while unit.rotas.plan(self.clock()):
                pass
            # Whatever was due before the curtain rises was told then.
            while unit.reminding.reached(self.clock()):
                unit.reminding.climb(self.clock())

    def openid(self, name: str) -> str:
        """A person's openid in scripts."""
        return f"o{name}"

    def bind(self, *people: tuple[str, str]) -> None:
        """Binds people (name, phone) as if it had been done long ago."""
        with self.store.unit() as unit:
            for name, phone in people:
                member = unit.members.with_phone(phone)
                assert member is not None, name
                unit.inbox.greet(self.openid(name), wrote=True, gesture=False, now=self.clock())
                identity = unit.identities.of(self.openid(name))
                identity.agree(self.clock())
                identity.bind(member.id, self.clock())

    async def play(self, path: Path) -> None:
        """Plays a script from its first cue to its last."""
        await self._play(path, read(path))

    async def _play(self, path: Path, cues: list[Cue]) -> None:
        # Most talks are about one matter, and a month's collection of needs would only interrupt them.
        self.store.policy = Policy(campaigns_by_rule=_collects(path))
        writer = Writer(self.store, threads=2)
        mind = StoredMind(self.store, local(self.clock()).date(), self.language)
        engine = Engine(
            writer=writer,
            router=handlers.router(),
            texts=handlers.texts(),
            mind=mind,
            clock=self.clock,
            deadline_s=4.5,
            dialogue_timeout_s=1800,
        )
        rounds = Rounds(
            store=self.store,
            writer=writer,
            engine=engine,
            postman=Postman(
                writer=writer, ways=Phones(self.pushed), clock=self.clock, texts=handlers.texts()
            ),
            refresh=lambda: mind.refresh(local(self.clock()).date()),
            clock=self.clock,
            tick_s=3600,
            draft_timeout=timedelta(minutes=10),
            seeker=Seeker(store=self.store, engine=engine, mind=mind, clock=self.clock),
        )
        writer.start()
        try:
            position = 0
            while position < len(cues):
                cue = cues[position]
                position += 1
                heard: list[tuple[str, str]] = []
                if cue.who == "过了":
                    self._pass_time(path, cue)
                    await rounds.all_now()
                elif cue.who == "机器人" or cue.who.startswith("推送给"):
                    raise ScriptError(f"{path.name}:{cue.line}\n  剧本：{cue.words}\n  实际：（什么也没说）")
                else:
                    reply = await engine.answer(self._message(cue))
                    if reply is not None:
                        heard.append(("机器人", reply.text))
                    await rounds.deliver()
                heard += [(f"推送给{name}", text) for name, text in self.pushed]
                self.pushed.clear()
                position = self._compare(path, cues, position, heard)
        finally:
            await asyncio.to_thread(writer.stop)

    def _compare(self, path: Path, cues: list[Cue], position: int, heard: list[tuple[str, str]]) -> int:
        for who, text in heard:
            cue = cues[position] if position < len(cues) else None
            if cue is None or cue.who != who:
                line = cue.line if cue else cues[-1].line + 1
                raise ScriptError(f"{path.name}:{line}\n  剧本里没有：{who}：{text}")
            if cue.words != text:
                raise ScriptError(f"{path.name}:{cue.line}（{who}）\n{proofread(cue.words, text)}")
            position += 1
        return position

    def _pass_time(self, path: Path, cue: Cue) -> None:
        found = _SPAN.match(cue.words)
        if not found:
            raise ScriptError(f"{path.name}:{cue.line}: 过了多久？写成 10分钟、2小时、3天")
        self.clock.move(timedelta(minutes=int(found[1]) * _MINUTES[found[2]]))

    def _message(self, cue: Cue) -> Inbound:
        number = next(self._numbers)
        base = {
            "key": f"m:{number}",
            "sender": self.openid(cue.who),
            "account": "gh_test",
            "sent_at": self.clock(),
        }
        act = _ACT.match(cue.words)
        if not act:
            return Text(text=cue.words, **base)
        kind, rest = act[1], act[2] or ""
        match kind:
            case "关注":
                return Followed(scene=rest, **base)
            case "扫码":
                return Scanned(scene=rest, **base)
            case "取消关注":
                return Unfollowed(**base)
            case "照片":
                return Image(media_id=f"media{number}", url="http://example.invalid/1.jpg", **base)
            case "语音":
                return Voice(media_id=f"voice{number}", **base)
            case "位置":
                return Location(latitude=43.6, longitude=118.0, label=rest, **base)
            case "文章":
                return Link(title=rest, **base)
            case "菜单":
                return MenuTapped(entry=rest, **base)
        raise ScriptError(f"第 {cue.line} 行：没有〔{kind}〕这个动作")


class Phones(WindowThenTemplate):
    """Customer service to everybody's phone while their window is open; no template is set up."""

    def __init__(self, pushed: list[tuple[str, str]]) -> None:
        self._pushed = pushed

    def route(self, kind: str, *, window_open: bool, **facts: Any) -> Route:
        """There is one way, or none."""
        return Route(CUSTOM if window_open else "")

    def heed(self, pauses: Mapping[str, Pause]) -> None:
        """Nothing pauses here."""

    async def deliver(self, letter: Letter) -> Outcome:
        """Arrives at once."""
        if not letter.window_open:
            return Outcome(verdict=Verdict.WAIT, reason="48 小时内没有说过话")
        self._pushed.append((letter.openid[1:], letter.text))
        return Outcome(verdict=Verdict.ACCEPTED, channel=CUSTOM)


def proofread(script: str, actual: str) -> str:
    """Both versions, line by line, with a caret under the first difference."""
    lines = []
    expected, said = script.split("\n"), actual.split("\n")
    for index in range(max(len(expected), len(said))):
        one = expected[index] if index < len(expected) else "（没有这一行）"
        other = said[index] if index < len(said) else "（没有这一行）"
        if one == other:
            lines.append(f"        {one}")
            continue
        at = next(
            (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
        )
        lines += [f"  剧本：{one}", f"  实际：{other}", "  　　　" + "　" * at + "＾"]
    return "\n".join(lines)
