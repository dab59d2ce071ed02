"""Known names of places, found in a text in one pass.

A name is looked up where its first two characters stand, so a text costs one look per character and no more.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from operator import add

Link = tuple[int, int, str]
"""Begin, end and kind: 'name' full name, 'short' short name of two characters, 'spot' facility or position."""


@cache
def words(table: str) -> tuple[str, ...]:
    """The words of one table of ``data/places.toml``."""
    told = tomllib.loads(resources.files("bot.language").joinpath("data/places.toml").read_text("utf-8"))
    return tuple(str(told[table]).split())


@cache
def _regions() -> tuple[dict[str, None], frozenset[str]]:
    """Full names of China's regions down to the county and the home region's towns, and what people say for them."""
    told = tomllib.loads(resources.files("models").joinpath("data/regions.toml").read_text("utf-8"))
    names: dict[str, None] = {}
    for province, cities in told["counties"].items():
        names[province] = None
        for city, below in cities.items():
            names[city] = None
            names.update(dict.fromkeys(below))
    for towns in told["towns"].values():
        names.update(dict.fromkeys(towns))
    names.pop("市辖区", None)
    return names, frozenset(told["short"])


_PEOPLE = (
    "蒙古族|回族|土家族|苗族|侗族|满族|藏族|彝族|壮族|瑶族|羌族|畲族|土族|维吾尔|哈萨克|柯尔克孜|各族|布依族|傣族"
    "|白族|黎族|哈尼族|佤族|拉祜族|纳西族|景颇族|傈僳族|独龙族|怒族|仡佬族|水族|毛南族|仫佬族|撒拉族|保安族"
    "|东乡族|裕固族|锡伯|塔吉克|达斡尔族|鄂伦春|鄂温克族|朝鲜族|布朗族|普米族"
)
_CUT = re.compile(rf"(?:{_PEOPLE})*自治[县旗州区]$|(?:{_PEOPLE})乡$|[省市县区旗]$|地区$|街道$|[镇乡]$|苏木$")


class Gazetteer:
    """Known names of places: regions and towns with their short names, and the words for facilities and positions."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._kinds: dict[str, str] = {}
        self._sizes: dict[str, tuple[int, ...]] = {}
        self._pairs: set[str] = set()
        self._banned = frozenset((*words("everyday"), *words("generic")))
        self._cities = frozenset(words("cities"))
        self._districts = frozenset(words("districts"))
        regions, said = _regions()
        for spot in words("facilities"):
            self._put(spot, "spot")
        self.add((*regions, *names))
        for name in said:
            self._put(name, "name")

    def add(self, names: Iterable[str]) -> None:
        """Takes more names in, with the short forms that are no everyday words.

        A district is hardly ever called by less than its name, so most have no short form.
        """
        for name in names:
            if name in self._banned or len(name) < 2:
                continue
            self._put(name, "name")
            short = _CUT.sub("", name)
            if short == name or len(short) < 2 or (short in self._banned and short not in self._cities):
                continue
            if short in self._cities or len(short) > 2:
                self._put(short, "name")
            elif not name.endswith(("区", "街道")) or short in self._districts:
                self._put(short, "short")

    def _put(self, name: str, kind: str) -> None:
        if kind == "short" and name in self._kinds:
            return
        self._kinds[name] = kind
        sizes = self._sizes.get(name[:2], ())
        self._pairs.add(name[:2])
        if len(name) not in sizes:
            self._sizes[name[:2]] = tuple(sorted((*sizes, len(name)), reverse=True))

    def find(self, folded: str) -> list[Link]:
        """The longest known names, leftmost first, without overlaps."""
        sizes = self._sizes
        hits = self._pairs.intersection(map(add, folded, folded[1:]))
        if not hits:
            return []
        found: list[Link] = []
        last = 0
        for start in sorted(at for pair in hits for at in _each(folded, pair)):
            if start < last:
                continue
            for size in sizes[folded[start : start + 2]]:
                piece = folded[start : start + size]
                kind = self._kinds.get(piece)
                if kind is not None and len(piece) == size and not folded.startswith("场", start + size):
                    last = start + size
                    found.append((start, last, kind))
                    break
        return found


def _each(folded: str, pair: str) -> Iterator[int]:
    """Where a pair of characters stands."""
    at = folded.find(pair)
    while at >= 0:
        yield at
        at = folded.find(pair, at + 1)
