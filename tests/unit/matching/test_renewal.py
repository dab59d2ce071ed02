"""The index follows the list: only what changed is read, and what it answers is what a new index would answer."""

from __future__ import annotations

from datetime import date

import pytest

from bot.language import Language
from bot.language.lexicon import BadSynonyms, Lexicon, read_synonyms
from bot.matching import Index
from models.fit import Offer

TODAY = date(2026, 5, 11)


class Counting(Language):
    """Counts what it is asked to read for its topics."""

    read = 0

    def topics(self, text: str) -> tuple[tuple[int, float], ...]:
        self.read += 1
        return tuple(super().topics(text))


@pytest.fixture(scope="module")
def language() -> Counting:
    return Counting()


def some(count: int) -> list[Offer]:
    things = [
        "路灯维修",
        "羊病出诊",
        "土豆收购",
        "电焊培训",
        "白内障义诊",
        "法律咨询",
        "小额贷款",
        "秧歌服装",
    ]
    return [
        Offer(
            code=f"S{number}",
            side="供给",
            title=things[number % len(things)],
            detail=f"第{number}村可用，随叫随到",
            category="其他",
            unit="某支部",
            area="林西县",
        )
        for number in range(count)
    ]


def found(index: Index, text: str) -> list[str]:
    return [fit.code for fit in index.suggest(text, today=TODAY, top=5)]


def test_a_few_changes_are_read_alone(language: Counting) -> None:
    offers = some(100)
    index = Index.build(offers, language)
    before = language.read
    newer = [*offers[1:], Offer("N1", "供给", "打井队", "洗井打井，水浑能治", "基础设施", "水利局", "林西县")]
    renewed = index.renewed(newer)
    assert language.read - before == 1
    assert len(renewed) == 100
    assert found(renewed, "井水浑了，找人洗井")[0] == "N1"
    assert "S0" not in found(renewed, "路灯坏了找人修")
    assert found(renewed, "羊拉稀找兽医")[0] in {f"S{n}" for n in range(100) if n % 8 == 1}


def test_many_changes_lay_it_out_anew(language: Counting) -> None:
    index = Index.build((), language).renewed(some(50))
    fresh = Index.build(some(50), language)
    for text in ("路灯坏了找人修", "羊拉稀", "土豆卖不出去", "想学电焊"):
        assert found(index, text) == found(fresh, text)


def test_what_is_renewed_twice_forgets_what_went(language: Counting) -> None:
    offers = some(40)
    added = Offer("N1", "供给", "打井队", "洗井打井", "基础设施", "水利局", "林西县")
    index = Index.build(offers, language).renewed([*offers, added]).renewed(offers)
    assert len(index) == 40
    assert "N1" not in found(index, "井水浑了，找人洗井")


def test_words_of_one_s_own_come_on_top(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "own.toml"
    path.write_text('["农业技术"]\n"兽医" = "蹽稀屎"\n', encoding="utf-8")
    lexicon = Lexicon(read_synonyms(path))
    assert any("=兽医" in meanings for _, _, meanings in lexicon.find("羊蹽稀屎了"))
    path.write_text("兽医 = 3\n", encoding="utf-8")
    with pytest.raises(BadSynonyms):
        read_synonyms(path)
    with pytest.raises(BadSynonyms):
        read_synonyms(tmp_path / "none.toml")
