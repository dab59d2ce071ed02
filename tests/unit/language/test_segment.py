"""The cut is jieba's: the library itself is the judge, on every text at hand."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import jieba
import pytest

from bot.language.folding import fold
from bot.language.lexicon import Lexicon, known_words
from bot.language.segment import PlainSegmenter, RustSegmenter, dictionary_path, rjieba

DATA = Path(__file__).parents[2] / "data"
_HAN = re.compile("[\u4e00-\u9fff]+")
MOST_DIFFERENT = 0.002
"""Texts that may be cut otherwise: words of more than eight characters are left out of our dictionary."""


@pytest.fixture(scope="module")
def library() -> jieba.Tokenizer:
    """jieba with its own dictionary, read without the cache file that it shares with the whole machine."""
    tokenizer = jieba.Tokenizer()
    with dictionary_path().open("rb") as dictionary:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(dictionary)
    tokenizer.initialized = True
    return tokenizer


def texts() -> list[str]:
    lines = (DATA / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    lines += (DATA / "matches.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line)["text"] for line in lines]
    with (DATA / "catalogue.csv").open(encoding="utf-8-sig") as file:
        told += [row["标题"] + "，" + row["内容"] for row in csv.DictReader(file)]
    return told


def test_the_cut_is_the_librarys(library: jieba.Tokenizer) -> None:
    segmenter = PlainSegmenter()
    runs = [run for text in texts() for run in _HAN.findall(fold(text))]
    assert len(runs) > 2_000
    different = [run for run in runs if segmenter.cut(run) != library.lcut(run, HMM=False)]
    assert len(different) <= MOST_DIFFERENT * len(runs), different[:20]


@pytest.mark.skipif(rjieba is None, reason="rjieba is not installed (the extra fast)")
def test_the_quick_one_finds_the_same_words() -> None:
    # The quick one has one dictionary for the whole process: both know what the product adds.
    words = ["草牧场", *known_words(Lexicon())]
    plain, quick = PlainSegmenter(words), RustSegmenter(words)
    told = [fold(text) for text in [*texts(), "嘎查的草牧场被围封了，3.5亩"]]
    different = [text for text in told if plain.words(text) != quick.words(text)]
    # They differ in letters and digits in one run (3.5, b超), hardly in Chinese words.
    han = [
        text
        for text in different
        if [word for word in plain.words(text) if _HAN.match(word)]
        != [word for word in quick.words(text) if _HAN.match(word)]
    ]
    assert len(han) <= 0.03 * len(told), han[:20]
