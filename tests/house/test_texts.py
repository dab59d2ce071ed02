"""Sentences and code agree: every key said is written, every key written is said, blanks and facts fit."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import string
from pathlib import Path
from typing import NamedTuple, get_args

import handlers
import models
from bot.kit.context import ASKABLE
from handlers.notices_case import AUDIENCES, TOLD
from handlers.resources import BY_DIGIT
from models.agenda import notice_ladders
from models.appeal import AppealKind
from models.base import DomainError
from models.clock import ClockKind, Level
from models.life import Step
from models.rota import Kind
from models.rotacard import Fault
from models.series import Roll
from models.watching import Cause

from .source import ROOT, called, files, nodes, place

SENTENCES = handlers.texts().sentences
SPEAKING = ("handlers", "bot/engine", "bot/kit", "bot/work", "bot/pulse.py", "bot/feed")
"""The rooms that speak to members. The simulator and the commands speak in other ways."""
SPEAKER = re.compile(r"\b(ctx|aloud|_?texts)$")
"""What has ``say`` and ``ask`` for sentences, as it is called everywhere."""
Function = (ast.FunctionDef, ast.AsyncFunctionDef)
OWN_WORDS = {"then"}
"""Arguments of ``ask`` that are no facts."""


def blanks(sentence: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def events() -> set[str]:
    """What is ever written into a timeline: every step of a case's life, and what is noted besides."""
    found = {step.value for step in Step} | {f"attach_{kind}" for kind in kinds_attached()}
    for path in files("models", "handlers", "bot"):
        for node, _ in nodes(path):
            if not isinstance(node, ast.Call):
                continue
            whole = ast.unparse(node.func)
            if (called(node) == "add" and "imeline" in whole) or whole.endswith(
                ("_moves.note", "self._note")
            ):
                found |= constants(node.args[1])
            for keyword in node.keywords:
                if keyword.arg == "event":
                    found |= constants(keyword.value)
    return found - {""}


def constants(expression: ast.expr) -> set[str]:
    """The words that an expression can come to, as far as they stand there."""
    match expression:
        case ast.Constant(value=str(word)):
            return {word}
        case ast.IfExp(body=one, orelse=other):
            return constants(one) | constants(other)
    return set()


def kinds_attached() -> set[str]:
    """What is ever attached to a case."""
    return {
        keyword.value.value
        for path in files("handlers", "bot")
        for node, _ in nodes(path)
        if called(node) == "add" and isinstance(node, ast.Call) and "attachments" in ast.unparse(node.func)
        for keyword in node.keywords
        if keyword.arg == "kind" and isinstance(keyword.value, ast.Constant)
    }


def emergencies() -> set[str]:
    """The kinds of emergencies that have a sentence of their own; the others share ``any``."""
    return {key.partition(".")[2] for key in SENTENCES if key.startswith("emergency.")} - {
        "any",
        "told",
        "told_nobody",
    }


FAMILIES = {
    "events.{}": events(),
    "emergency.{}": emergencies(),
    "human.{}": {AppealKind.COMPLAINT.value, AppealKind.SUGGESTION.value},
    "notices.{}": {kind.value for kind in AppealKind},
    "meant.{}": set(ASKABLE),
    "claim.{}": {"give_back", "decline_invitation", "revoke", "refuse", "step_aside"},
    "work.{}_ask": {"promise", "extend", "pause", "progress"},
    "duty.{}": {"decline", "appeal", "transfer"},
    "duty.{}_ask": {"decline", "appeal", "transfer", "hand_on"},
    "notices_urging.{}": {level.value for level in Level} - {Level.INVITE.value},
    "notices_urging.wanted_{}": {kind.value for kind in ClockKind},
    "notices_urging.then_{}": {kind.value for kind in ClockKind},
    "notices_watch.{}": {cause.value for cause in Cause} - {Cause.CALENDAR.value},
    "resources.do_{}": set(BY_DIGIT),
    "notices_rota.term_{}": {rung.name for rung in notice_ladders()["term"].rung},
    "notices_rota.handover_{}": {rung.name for rung in notice_ladders()["handover"].rung},
    "notices_rota.line_{}": {kind.value for kind in Kind},
    "rota.finding_{}": {fault.value for fault in Fault},
    "notices_meeting.{}": {rung.name for rung in notice_ladders()["meeting"].rung},
    "convene.roll_{}": set(get_args(Roll)),
}
"""Keys that are put together when they are said, with everything that can stand in the gap."""


class Said(NamedTuple):
    """One place where something is said."""

    place: str
    keys: frozenset[str]
    facts: frozenset[str]


def all_said() -> list[Said]:
    """Every call that says something."""
    found = []
    for path in files(*SPEAKING):
        for node, above in nodes(path):
            if called(node) not in ("say", "ask") or not isinstance(node, ast.Call):
                continue
            if not isinstance(node.func, ast.Attribute) or not SPEAKER.search(ast.unparse(node.func.value)):
                continue
            if any(keyword.arg is None for keyword in node.keywords):
                continue  # handed on with its facts as they came
            function = next(each for each in reversed(above) if isinstance(each, Function))
            keys = possible(node.args[0], function, place(path, node))
            facts = frozenset(keyword.arg for keyword in node.keywords if keyword.arg) - OWN_WORDS
            found.append(Said(place(path, node), frozenset(keys), facts))
    return found


def possible(expression: ast.expr, function: ast.AST, where: str) -> set[str]:
    """Every key that an expression can come to."""
    match expression:
        case ast.Constant(value=str(key)):
            return {key}
        case ast.IfExp(body=one, orelse=other):
            return possible(one, function, where) | possible(other, function, where)
        case ast.JoinedStr(values=parts):
            shape = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)
            assert shape in FAMILIES, f"{where}: say in FAMILIES what can stand in the gap of {shape}"
            return {shape.format(word) for word in FAMILIES[shape]}
        case ast.Name(id=name):
            values = [
                node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
            ]
            assert values, f"{where}: nobody can see which key {name} is"
            return {key for value in values for key in possible(value, function, where)}
    raise AssertionError(f"{where}: nobody can see which key is said: {ast.unparse(expression)}")


SAID = all_said()


def refusals() -> list[type[DomainError]]:
    """Every rule that can say no."""
    for module in pkgutil.iter_modules(models.__path__):
        if not module.ispkg:
            importlib.import_module(f"models.{module.name}")
    return [error for error in DomainError.__subclasses__() if error.__module__.startswith("models.")]


def test_every_key_that_is_said_is_written() -> None:
    missing = [f"{said.place}: {key}" for said in SAID for key in said.keys if key not in SENTENCES]
    assert not missing


def test_every_key_that_is_written_is_said() -> None:
    spoken = {key for said in SAID for key in said.keys}
    spoken |= {f"refusal.{error.code}" for error in refusals()} | told()
    assert sorted(set(SENTENCES) - spoken) == []


def test_the_measured_baseline_says_sentences_that_exist() -> None:
    """It answers with the product's own sentences, and a missing one would fail its requests unseen."""
    source = (ROOT / "benchmarks" / "usual_job.py").read_text(encoding="utf-8")
    keys = re.findall(r"TEXTS\.say\(['\"]([a-z_.]+)['\"]", source)
    assert len(keys) > 3
    assert [key for key in keys if key not in SENTENCES] == []


def told() -> set[str]:
    """The sentence for each audience of each step that is told."""
    return {f"notices_case.{step}_{name}" for step, audiences in TOLD.items() for name in audiences}


def test_every_step_that_is_told_has_its_sentences() -> None:
    assert sorted(told() - set(SENTENCES)) == []
    assert {name for audiences in TOLD.values() for name in audiences} <= AUDIENCES.keys()


def test_every_blank_gets_its_fact() -> None:
    wanting = [
        f"{said.place}: {key} wants {sorted(blanks(SENTENCES[key]) - said.facts)}"
        for said in SAID
        for key in said.keys
        if not blanks(SENTENCES[key]) <= said.facts
    ]
    assert not wanting


def test_no_fact_is_handed_over_that_no_sentence_uses() -> None:
    unused = []
    for said in SAID:
        used = set().union(*(blanks(SENTENCES[key]) for key in said.keys))
        if said.facts - used:
            unused.append(f"{said.place}: {sorted(said.facts - used)}")
    assert not unused


def test_every_refusal_has_a_sentence_and_no_sentence_lacks_its_refusal() -> None:
    written = {key.partition(".")[2] for key in SENTENCES if key.startswith("refusal.")}
    assert written == {error.code for error in refusals()}


def test_the_blanks_of_a_refusal_are_among_its_facts() -> None:
    raised: dict[str, list[tuple[str, set[str]]]] = {}
    codes = {error.code for error in refusals()}
    for path in files("models", "handlers", "bot"):
        for node, above in nodes(path):
            name = called(node)
            if name in codes and isinstance(node, ast.Call) and isinstance(above[-1], ast.Raise):
                facts = {keyword.arg for keyword in node.keywords if keyword.arg}
                raised.setdefault(name, []).append((place(path, node), facts))
    assert codes - raised.keys() == set(), "a refusal that nobody raises"
    wanting = [
        f"{where}: {code} wants {sorted(blanks(SENTENCES[f'refusal.{code}']) - facts)}"
        for code, places in raised.items()
        for where, facts in places
        if not blanks(SENTENCES[f"refusal.{code}"]) <= facts
    ]
    assert not wanting


def test_blanks_are_plain_names() -> None:
    odd = [
        f"{key}: {{{name}}}"
        for key, sentence in SENTENCES.items()
        for name in blanks(sentence)
        if not re.fullmatch(r"[a-z_]+", name)
    ]
    assert not odd


def test_sentences_suit_a_small_phone() -> None:
    """At most six lines as they are written, none of them long, and nobody is ever told "not recognised"."""
    for key, sentence in SENTENCES.items():
        assert len(sentence.splitlines()) <= 6, key
        assert all(len(line) <= 90 for line in sentence.splitlines()), key
        assert "无法识别" not in sentence, key
        assert "你" not in sentence.replace("你好", ""), f"{key}: members are 您"


def test_every_text_file_belongs_to_somebody() -> None:
    """A file of sentences is named after a handler file, or is one of the few that several share."""
    shared = {"book", "engine", "events", "meant", "refusal", "smalltalk"}
    owners = {path.stem for path in (ROOT / "handlers").glob("*.py")}
    written = {path.stem for path in Path(handlers.TEXTS).glob("*.toml")}
    assert written <= owners | shared
