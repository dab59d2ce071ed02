"""供需缺口: of which matters, and where, more is asked for than offered."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from functools import cache
from importlib import resources

import msgspec

from models.asof import Period
from models.history import GONE, History
from models.indicators import matched
from models.ledgers.words import remark

_COUNTY = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:自治县|自治旗|[县区旗市])")
_SEPARATED = re.compile(r"[、,，;；/ ]+")
_ABOVE = re.compile(r"^(?:内蒙古自治区|[\u4e00-\u9fff]{2,3}省)?(?:赤峰市)?")
_DAY = timedelta(days=1)


@cache
def _counties() -> frozenset[str]:
    text = resources.files("models.data").joinpath("regions.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)["counties"]
    return frozenset(name for cities in told.values() for below in cities.values() for name in below)


@cache
def county(region: str) -> str:
    """The county in which a place lies (林西县官地镇 → 林西县); where none is named, what is written, or a dash."""
    below = _ABOVE.sub("", region.strip())
    for end in range(2, min(len(below), 12) + 1):
        if below[:end] in _counties():
            return below[:end]
    found = _COUNTY.match(below)
    return found.group() if found else below or region.strip() or remark("nowhere")


def counties(area: str) -> list[str]:
    """The counties that an entry of the list serves; none: the whole city."""
    names = [name for name in _SEPARATED.split(area.strip()) if name]
    if not names or any(name[0] in "全不各" for name in names):
        return []
    return list(dict.fromkeys(county(name) for name in names))


class Asked(msgspec.Struct):
    """What is asked for of one sort in one county."""

    needs: int = 0
    matched: int = 0
    waiting: list[float] = msgspec.field(default_factory=list)
    """Days for which those had stood on the list that nobody had claimed."""


class GapCounter:
    """Needs of a period by category and county."""

    def __init__(self, period: Period, regions: dict[int, str]) -> None:
        """``regions``: the 地区 of each organisation."""
        self._period, self._regions = period, regions
        self.asked: dict[tuple[str, str], Asked] = {}

    def count(self, case: History) -> None:
        """One more case."""
        about = case.case
        if about.kind != "need" or case.state in GONE or about.submitted_at < self._period.begin:
            return
        where = county(self._regions[about.organisation_id])
        asked = self.asked.setdefault((about.category, where), Asked())
        asked.needs += 1
        asked.matched += matched(case)
        listed = case.last("open")
        if case.state == "open" and listed is not None:
            asked.waiting.append((case.end - listed) / _DAY)
