"""``make train``: makes ``data/weights.npz`` from the lessons in ``tests/data``; ``--encoder``: ``encoder.npz`` too.

Lessons come in three shapes: ``.jsonl`` as tests/data/messages.jsonl; ``.txt`` with headings
``## intent kind category`` (``-`` where there is none) and one message a line; ``.txt`` with headings
``## category | topic`` and lines ``供：…`` (a text of an entry) or ``需：…`` (somebody who needs it).
"""

from __future__ import annotations

import argparse
import io
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bot.language import learning
from bot.language.classifier import BY_RARITY, HEADS, Model
from bot.language.encoder import LONGEST, SIZE, Encoder, Heads, SentenceEncoder
from bot.language.encoder import names as label_names
from bot.language.features import Features, every_feature, marks
from bot.language.folding import LIMIT, fold, squeeze
from bot.language.lexicon import Lexicon

LESSONS = Path("tests/data")
_FAINT = 2
"""Of 127: a weight below it says hardly anything and is left out."""
_RARE = 2
"""A feature must occur in so many lessons to be kept."""


class Example(msgspec.Struct, frozen=True):
    """One lesson; what is not known of it is None."""

    text: str
    intent: str | None = None
    kind: str | None = None
    category: str | None = None
    topic: str | None = None
    whole: bool = False
    """One of a set of messages with everything that members write in it, as often as they do."""


class Lesson(msgspec.Struct, frozen=True):
    """How one head is taught. The numbers were chosen by leaving out one writer's messages after the other."""

    penalty: float
    steps: int
    of_topics: float = 1.0
    """What a line of the topics' lessons weighs beside a whole message."""
    of_entries: float = 1.0
    """What a line of an entry weighs beside a line of need: there are five times as many of the latter."""
    balance: float = -0.5
    """A label weighs by this power of its share: a rare one must not drown."""
    as_members_write: bool = False
    """Whether the labels are then taken to be as frequent as in whole sets of messages, not as in all lessons."""
    sharpened: float = 1.0
    """By how much the scores are stretched: few steps keep from learning by heart, but leave them flat."""

    def weigh(self, example: Example) -> float:
        """What one example counts."""
        if example.topic is None:
            return 1.0
        return self.of_topics if example.intent else self.of_topics * self.of_entries


LESSONS_OF = {
    "intent": Lesson(penalty=0.03, steps=300, balance=0.0, as_members_write=True),
    "category": Lesson(penalty=0.03, steps=60, of_topics=0.15, sharpened=1.5),
    "kind": Lesson(penalty=0.1, steps=300),
    "topic": Lesson(penalty=0.03, steps=60, of_entries=2.0, sharpened=2.4),
}


_STRETCH = np.float32(2.0)
"""The encoder's vectors are taken that much longer: at length one the penalty keeps the weights too small."""


class Opinion(msgspec.Struct, frozen=True):
    """How one of the encoder's heads is taught, and what it counts.

    Chosen by leaving out one writer's messages after the other (kind, category) and on lists that nothing is learned
    from (topic).
    """

    lesson: Lesson
    counts: float
    """What the encoder's score counts beside the classifier's."""
    keep: float = 1.0
    """By how much their sum is stretched: two that agree must not be surer than they are right."""


OPINIONS = {
    # Intent is missing: it hangs on the turn of a phrase, and the encoder hears what a text is about. Whatever weight
    # it had, messages of a writer who was left out were understood no better.
    "kind": Opinion(Lesson(penalty=0.1, steps=150), counts=0.25),
    "category": Opinion(Lesson(penalty=0.03, steps=150, of_topics=0.15), counts=0.25),
    "topic": Opinion(Lesson(penalty=0.03, steps=150, of_entries=2.0), counts=1.2, keep=0.85),
}


def read(path: Path) -> list[Example]:
    """The lessons of a file."""
    examples: list[Example] = []
    heading: list[str | None] = ["other", None, None]
    topic: str | None = None
    for raw in path.read_text("utf-8").splitlines():
        line = raw.strip()
        if line.startswith("## "):
            if "|" in line:
                field, _, name = (part.strip() for part in line[3:].partition("|"))
                heading, topic = [None, None, field], f"{field}|{name}"
            else:
                heading, topic = [None if part == "-" else part for part in line[3:].split()], None
        elif not line or line.startswith("# "):
            continue
        elif path.suffix == ".jsonl":
            examples.append(msgspec.structs.replace(msgspec.json.decode(line, type=Example), whole=True))
        elif topic is None:
            intent, kind, category = heading
            examples.append(Example(line, intent, kind, category))
        else:
            need = line.startswith("需")
            examples.append(
                Example(
                    line[2:].strip(),
                    "report" if need else None,
                    None,
                    heading[2],
                    topic,
                )
            )
    return examples


def lessons(folder: Path = LESSONS) -> list[Example]:
    """Everything that the shipped weights are made of; ``held`` and ``lists`` are not among it."""
    paths = [
        folder / "messages.jsonl",
        folder / "lessons.txt",
        folder / "supplies.txt",
        *sorted((folder / "lessons").glob("*")),
    ]
    return [example for path in paths for example in read(path)]


def train(examples: Sequence[Example]) -> Model:
    """The model of these lessons."""
    lexicon = Lexicon()
    texts = [squeeze(fold(example.text[:LIMIT])) for example in examples]
    counts = Counter(name for text in texts for name in every_feature(text, lexicon))
    names = sorted(name for name, count in counts.items() if count >= _RARE)
    features = Features(names)
    rows = [features.rows(text, marks(text, lexicon)) for text in texts]
    rarity = np.array([log(1 + len(texts) / (counts[name] + 1)) for name in names], dtype=np.float32)
    plain, rare = learning.matrix(rows, len(names)), learning.matrix(rows, len(names), rarity)
    labels: dict[str, list[str]] = {}
    parts, biases = [], []
    for head in (*HEADS, "topic"):
        lesson, by_rarity = LESSONS_OF[head], head in BY_RARITY
        own, part, bias = taught(examples, head, lesson, rare if by_rarity else plain)
        if not own:
            continue
        labels[head] = own
        if by_rarity:
            part *= rarity[:, None] * np.float32(lesson.sharpened)
            bias *= np.float32(lesson.sharpened)
        parts.append(part)
        biases.append(bias)
    topics = labels.pop("topic", [])
    return _small(names, labels, topics, np.concatenate(parts, axis=1), np.concatenate(biases), rarity)


def taught(
    examples: Sequence[Example], head: str, lesson: Lesson, features: Any
) -> tuple[list[str], learning.Matrix, learning.Matrix]:
    """One head's labels, weights and biases; none where no example has such a label. ``features``: a row an example."""
    told = [getattr(example, head) for example in examples]
    known = [i for i, label in enumerate(told) if label is not None]
    own = sorted({told[i] for i in known})
    if not own:
        return own, np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.float32)
    place = {label: i for i, label in enumerate(own)}
    answers = np.array([place[told[i]] for i in known])
    share = np.bincount(answers, minlength=len(own)) * len(own) / len(known)
    weights = share[answers] ** lesson.balance * np.array([lesson.weigh(examples[i]) for i in known])
    part, bias = learning.logistic(
        features[known],
        answers,
        weights.astype(np.float32),
        len(own),
        penalty=lesson.penalty,
        steps=lesson.steps,
    )
    if lesson.as_members_write:
        were = np.bincount(answers, weights=weights, minlength=len(own)) / weights.sum()
        wrote = Counter(getattr(example, head) for example in examples if example.whole)
        bias += np.array(
            [log((wrote[label] + 1) / (wrote.total() + 1) / were[i]) for i, label in enumerate(own)]
        )
    return own, part, bias


def train_heads(model: Model, examples: Sequence[Example], encoder: Encoder) -> Heads:
    """What the encoder's numbers say of this model's labels and topics, learned from the same lessons."""
    vectors = encoder.encode([squeeze(fold(example.text[:LIMIT]))[:LONGEST] for example in examples])
    vectors = vectors * _STRETCH
    weights, biases, keeps = [], [], []
    for head, labels in (*model.labels.items(), ("topic", model.topics)):
        opinion = OPINIONS.get(head)
        keep = 1.0 if opinion is None else opinion.keep
        part = np.zeros((SIZE, len(labels)), dtype=np.float32)
        bias = np.zeros(len(labels), dtype=np.float32)
        if opinion is not None and labels:
            own, part, bias = taught(examples, head, opinion.lesson, vectors)
            if own != labels:
                raise ValueError(f"the lessons know other labels of {head} than the weights")
            counts = np.float32(opinion.counts * keep)
            part, bias = part * counts * _STRETCH, bias * counts
        weights.append(part)
        biases.append(bias)
        keeps.append(np.full(len(labels), keep, dtype=np.float32))
    return Heads(
        labels=label_names(model.labels, model.topics),
        weights=np.concatenate(weights, axis=1).astype(np.float16),
        bias=np.concatenate(biases).astype(np.float32),
        keep=np.concatenate(keeps),
    )


def _small(
    names: list[str],
    labels: dict[str, list[str]],
    topics: list[str],
    weights: learning.Matrix,
    bias: learning.Matrix,
    rarity: learning.Matrix,
) -> Model:
    """Weights in eight bits with one scale a column; features that say hardly anything are left out."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    small = np.round(weights / scale).astype(np.int8)
    width = weights.shape[1] - len(topics)
    small[:, width:][np.abs(small[:, width:]) < _FAINT] = 0
    useful = (np.abs(small[:, :width]).max(axis=1) >= _FAINT) | small[:, width:].any(axis=1)
    # The common features, which say something of most topics, come first.
    wide = (small[:, width:] != 0).sum(axis=1) > len(topics) / 5 if topics else np.zeros(len(small), bool)
    order = np.concatenate([np.flatnonzero(useful & wide), np.flatnonzero(useful & ~wide)])
    small, many = small[order], int((useful & wide).sum())
    told, places = np.nonzero(small[many:, width:])
    return Model(
        names=[names[i] for i in order],
        labels=labels,
        topics=topics,
        weights=small[:, :width],
        topic_rows=small[:many, width:],
        topic_ends=np.cumsum(np.bincount(told, minlength=len(small) - many)).astype(np.int32),
        topic_places=places.astype(np.int16),
        topic_weights=small[many:, width:][told, places],
        scale=scale.astype(np.float32),
        bias=bias.astype(np.float32),
        rarity=rarity[order],
    )


def save(model: Model, path: Path) -> None:
    """Writes the model."""
    buffer = io.BytesIO()

    def text(lines: Iterable[str]) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)

    np.savez_compressed(
        buffer,
        names=text(model.names),
        labels=text(f"{head}:{','.join(own)}" for head, own in model.labels.items()),
        topics=text(model.topics),
        weights=model.weights,
        topic_rows=model.topic_rows,
        topic_ends=model.topic_ends,
        topic_places=model.topic_places,
        topic_weights=model.topic_weights,
        scale=model.scale,
        bias=model.bias,
        rarity=model.rarity,
    )
    path.write_bytes(buffer.getvalue())


def save_heads(heads: Heads, path: Path) -> None:
    """Writes the heads."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        labels=np.frombuffer("\n".join(heads.labels).encode(), dtype=np.uint8),
        weights=heads.weights,
        bias=heads.bias,
        keep=heads.keep,
    )
    path.write_bytes(buffer.getvalue())


def main(arguments: Sequence[str]) -> int:
    """Reads the lessons, trains, writes the weights beside this module."""
    parser = argparse.ArgumentParser(prog="bot.language.training")
    parser.add_argument("folder", type=Path, nargs="?", default=LESSONS)
    parser.add_argument("--to", type=Path, default=Path(__file__).parent / "data" / "weights.npz")
    parser.add_argument("--encoder", action="store_true", help="make encoder.npz beside it too")
    args = parser.parse_args(arguments)
    examples = lessons(args.folder)
    model = train(examples)
    save(model, args.to)
    sys.stdout.write(
        f"{len(examples)} lessons, {len(model.names)} features, {len(model.topics)} topics, "
        f"{args.to.stat().st_size} bytes\n"
    )
    if args.encoder:
        second = args.to.with_name("encoder.npz")
        save_heads(train_heads(model, examples, SentenceEncoder()), second)
        sys.stdout.write(f"{second.name}: {second.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
