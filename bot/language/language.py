"""The one object that reads texts: built once at start, then only asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from importlib import resources

from bot.language import appointments, emergencies, facts, matters, orders
from bot.language.classifier import Classifier, Sense
from bot.language.encoder import LONGEST, Encoder, Vectors, load_heads
from bot.language.features import marks as lexicon_marks
from bot.language.folding import LIMIT, fold, squeeze
from bot.language.gazetteer import Gazetteer
from bot.language.lexicon import Lexicon, known_words
from bot.language.segment import segmenter
from models.moment import local
from models.understanding import Appointment, Named, Slots, Understanding

CODE = "2"
"""Raised by hand when code in this room changes what a text is understood to mean."""
_DATA = ("lexicon.toml", "places.toml", "quantities.toml", "simplified.txt", "weights.npz")
_DATA_OF_ENCODER = "encoder.npz"
_STOP = frozenset(
    """
    的 了 着 是 在 我 你 他 她 它 俺 咱 您 们 我们 你们 他们 咱们 俺们 这 那 这个 那个 有 没 没有 不 就 也 都 还 又 再 很 太 要 想 能 会
    可以 可 把 被 给 让 和 跟 与 及 或 但 因为 所以 如果 要是 什么 啥 咋 怎么 谁 哪 哪里 哪儿 吗 呢 吧 啊 呀 嘛 哦 嗯 哈 个 一 一个 上 下
    里 去 来 到 从 对 向 为 以 于 之 等 请 请问 好 说 看 找 求 点 些 一些 一下 多少 几 现在 今年 最近 谢谢 领导 你好 您好 麻烦
    """.split()  # noqa: SIM905 - read as a list of words
)
SURE = 0.55
"""Below this confidence the second likeliest intent is told too, and the person may be asked."""
_SECOND = 0.6
"""So sure it must be that the second part of a message is a need, or it stays part of the first."""
_SEARCHED = 80
"""Words of a text that are searched by: a need is told in fewer, and the cost stays bounded."""


class Language:
    """Reads Chinese messages. Immutable but for ``add_names``; safe to share between threads that only read.

    ``places`` and ``names`` (organisations, villages) come from the product's own data and help to find slots
    and to keep such names whole. ``encoder``: a second opinion on what a text is about, where one is wished.
    """

    def __init__(
        self,
        places: Iterable[str] = (),
        names: Iterable[str] = (),
        synonyms: dict[str, dict[str, str]] | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        """``synonyms``: everyday words of one's own (``lexicon.read_synonyms``), on top of the product's."""
        self._lexicon = Lexicon(synonyms)
        self._segmenter = segmenter(known_words(self._lexicon))
        self._encoder = encoder
        self._classifier = Classifier.load(None if encoder is None else load_heads())
        self._gazetteer = Gazetteer(places)
        self._segmenter.add((*places, *names))
        # A message's folding, words and sense are asked for by understanding, rules, ranking and likeness; some
        # hundred messages are under way at once.
        self._marks = lru_cache(maxsize=1024)(lambda squeezed: lexicon_marks(squeezed, self._lexicon))
        self._rows = lru_cache(maxsize=1024)(
            lambda squeezed: self._classifier.features(squeezed, self._marks(squeezed))
        )
        self._sense = lru_cache(maxsize=1024)(self._sensed)
        self._topics = lru_cache(maxsize=1024)(
            lambda squeezed: self._classifier.topics_of(self._rows(squeezed), self._vector(squeezed))
        )
        self._plain = lru_cache(maxsize=1024)(_squeezed)
        self._search_words = lru_cache(maxsize=1024)(self._words)
        self._vector = lru_cache(maxsize=1024)(self._encoded)
        self._ahead: dict[str, Vectors] = {}
        self.version = _version(_DATA if encoder is None else (*_DATA, _DATA_OF_ENCODER))

    def add_names(self, places: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        """Takes in names that were not known at start. Not to be called while other threads read."""
        told = tuple(places)
        if told:
            self._gazetteer.add(told)
        self._segmenter.add((*told, *names))

    def words(self, text: str) -> tuple[str, ...]:
        """Search words of a text, each once: its words, the words inside them, and the plain words for local ones.

        At most the first 600 characters count. Function words are left out unless nothing else remains.
        """
        return self._search_words(self._plain(text[:LIMIT]))

    def _words(self, squeezed: str) -> tuple[str, ...]:
        found = dict.fromkeys(self._segmenter.words(squeezed))
        kept = {word: None for word in found if word not in _STOP}
        kept.update(dict.fromkeys(mark for mark in self._marks(squeezed) if mark[0] == "="))
        return tuple(kept or found)[:_SEARCHED]

    def plain(self, text: str) -> str:
        """The folded text without blanks and pictures, at most its first 600 characters."""
        return self._plain(text[:LIMIT])

    def topics(self, text: str) -> Sequence[tuple[int, float]]:
        """The likeliest kinds of service that a text is about, each with the root of its share."""
        return self._topics(self._plain(text[:LIMIT]))

    def topic_names(self) -> Sequence[str]:
        """``category|name`` of every topic, by number."""
        return self._classifier.topics

    def category_shares(self, text: str) -> dict[str, float]:
        """How likely each category is, given that the text is a need or an offer."""
        sense = self._sense(self._plain(text[:LIMIT]))
        return dict(
            zip(self._classifier.labels["category"], self._classifier.shares("category", sense), strict=True)
        )

    def _sensed(self, squeezed: str) -> Sense:
        return self._classifier.sense(self._rows(squeezed), self._vector(squeezed))

    def vector(self, text: str) -> Vectors | None:
        """The text as a vector of length one, by whose products texts are compared; None without an encoder."""
        return self._vector(self._plain(text[:LIMIT]))

    def expect(self, texts: Iterable[str]) -> None:
        """Encodes texts that will be read next; together they cost half as much as one after the other."""
        if self._encoder is None:
            return
        told = list(dict.fromkeys(self._plain(text[:LIMIT])[:LONGEST] for text in texts))
        self._ahead = dict(zip(told, self._encoder.encode(told), strict=True))

    def _encoded(self, squeezed: str) -> Vectors | None:
        if self._encoder is None:
            return None
        begun = squeezed[:LONGEST]
        known = self._ahead.pop(begun, None)
        return self._encoder.encode([begun])[0] if known is None else known

    def understand(self, text: str, now: datetime) -> Understanding:
        """The reading of one message; ``now`` is the aware moment from which relative dates count.

        Bounded for any input: only the first 600 characters are read.
        """
        text = text[:LIMIT]
        folded = fold(text)
        today = local(now).date()
        squeezed = squeeze(folded)
        order = orders.intent(folded)
        kind: str | None = None
        category: str | None = None
        if not squeezed:
            return Understanding(version=self.version, intent="other", confidence=0.5)
        sense = self._sense(squeezed)
        intent, confidence, rival = self._classifier.two_best("intent", sense)
        second: str | None = None
        if order is not None:
            intent, confidence = order, 1.0
        elif (parted := matters.second(folded)) is not None and self._differ(folded, *parted):
            # What a message is follows from its first matter; the second is told apart.
            first = self._sense(squeeze(folded[: parted[0]]))
            told = self._classifier.two_best("intent", first)
            if told[0] in ("report", "offer"):
                sense, (intent, confidence, rival), second = first, told, text[parted[1] :].strip()
        bare = order is not None and len(squeezed) <= 4
        if intent in ("report", "offer") and not bare:
            category = self._classifier.best("category", sense)[0]
            if intent == "report":
                kind = self._classifier.best("kind", sense)[0]
        slots, deadline, when = self._facts(text, folded, intent, today)
        return Understanding(
            version=self.version,
            intent=intent,
            kind=kind,
            category=category,
            slots=slots,
            deadline=deadline,
            when=when,
            confidence=round(confidence, 3),
            rival=rival if confidence < SURE else None,
            second=second,
            emergency=emergencies.find(folded),
        )

    def day(self, text: str, now: datetime) -> date | None:
        """The last day of the time that a text names, for whoever was asked for a day (承诺、延期); None: it names none."""
        folded = fold(text[:LIMIT])
        _, deadline, _ = self._facts(text, folded, "claim", local(now).date())
        return date.fromisoformat(deadline.rpartition("/")[2]) if deadline else None

    def appointment(self, text: str, now: datetime) -> Appointment:
        """The day, the hour and the place that a text names for people to meet."""
        return appointments.find(text[:LIMIT], fold(text[:LIMIT]), local(now).date())

    def named(self, text: str, now: datetime, *, past: bool = False) -> Named:
        """Times, places and amounts in a text, for whoever asked for them; ``past``: of what was done already."""
        folded = fold(text[:LIMIT])
        intent = "volunteer_log" if past else "claim"
        slots, _, when = self._facts(text[:LIMIT], folded, intent, local(now).date())
        return Named(when=when, times=slots.time, places=slots.place, quantities=slots.quantity)

    def _differ(self, folded: str, end: int, start: int) -> bool:
        """Whether what stands behind a turn of phrase is a need of its own, about something else."""
        told, also = squeeze(folded[:end]), squeeze(folded[start:])
        first, rest = self._sense(told), self._sense(also)
        intent, confidence = self._classifier.best("intent", rest)
        if intent != "report" or confidence < _SECOND:
            return False
        if self._classifier.best("category", first)[0] != self._classifier.best("category", rest)[0]:
            return True
        return not {topic for topic, _ in self._topics(told)[:3]} & {
            topic for topic, _ in self._topics(also)[:3]
        }

    def _facts(
        self, text: str, folded: str, intent: str, today: date
    ) -> tuple[Slots, str | None, str | None]:
        """The slots, the deadline and the deadline as precisely as it was said."""
        return facts.find(text, folded, self._gazetteer, intent=intent, today=today)


def _version(data: Iterable[str]) -> str:
    """A short mark of the code's and the data files' state: a stored reading of another mark can be made anew."""
    digest = hashlib.sha256(CODE.encode())
    for name in data:
        digest.update(resources.files("bot.language").joinpath("data", name).read_bytes())
    return f"{CODE}-{digest.hexdigest()[:8]}"


def _squeezed(text: str) -> str:
    return squeeze(fold(text))
