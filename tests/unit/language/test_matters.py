"""Two matters in one message, what is unsure, and how weights are learned."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from bot.language import Language
from bot.language.classifier import Classifier
from bot.language.language import SURE
from models.moment import SHANGHAI

NOW = datetime(2026, 5, 11, 9, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def language() -> Language:
    return Language()


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("村口路灯坏了，另外我家三千斤土豆卖不出去", "我家三千斤土豆卖不出去"),
        ("想办个老年证，顺便说一嘴，咱村垃圾也该有人拉了", "咱村垃圾也该有人拉了"),
        ("我想学电焊，对了，孩子学费也凑不齐", "孩子学费也凑不齐"),
        ("土豆卖不出去，还有苹果", None),
        ("12号修好了，另外15号还差点料", None),
        ("还有没有能义诊的单位", None),
    ],
)
def test_a_second_matter_is_told_apart(language: Language, text: str, second: str | None) -> None:
    reading = language.understand(text, NOW)
    assert reading.second == second
    if second:
        assert reading.intent == "report"
        assert reading.category == language.understand(text[: text.index(second) - 2], NOW).category


def test_what_is_unsure_names_its_rival(language: Language) -> None:
    for text in ("灯的事", "那台拖拉机", "村口路灯坏了半个月了", "12号我们支部认领了"):
        reading = language.understand(text, NOW)
        assert (reading.rival is not None) == (reading.confidence < SURE), text
    assert language.understand("灯的事", NOW).rival is not None
    assert language.understand("12号我们支部认领了", NOW).rival is None


def test_topics_know_a_need_that_does_not_name_it(language: Language) -> None:
    def topics(text: str) -> list[str]:
        return [language.topic_names()[number].split("|")[0] for number, _ in language.topics(text)[:3]]

    assert "产销对接" in topics("窖里的蛋蛋长芽了，喂猪都吃不完")
    assert "农业技术" in topics("羊羔子屁股后头稀汤汤的，吃不下奶")
    assert language.topics("") == ()


def test_the_same_lessons_make_the_same_weights(tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="scipy is not installed (the extra train)")
    from bot.language import training

    (tmp_path / "lessons").mkdir()
    for name in ("messages.jsonl", "lessons.txt", "supplies.txt"):
        lines = (Path("tests/data") / name).read_text("utf-8").splitlines()
        (tmp_path / name).write_text("\n".join(lines[:400]), encoding="utf-8")
    first, again = (training.train(training.lessons(tmp_path)) for _ in range(2))
    assert first.names == again.names
    assert np.array_equal(first.weights, again.weights)
    target = tmp_path / "weights.npz"
    training.save(first, target)
    assert target.stat().st_size < 1_000_000
    assert Classifier(first).labels["intent"]


def test_the_shipped_weights_fit_the_lessons() -> None:
    """A file that was made from other lessons or by other code would be noticed here."""
    from bot.language.classifier import load_model

    model = load_model()
    assert len(model.labels["intent"]) == 18
    assert len(model.labels["category"]) == 14
    assert model.weights.shape == (len(model.names), len(model.bias) - len(model.topics))
    assert model.topic_ends[-1] == len(model.topic_places) == len(model.topic_weights)
    assert len(model.topics) > 400
    assert len(model.bias) == sum(map(len, model.labels.values())) + len(model.topics)
