"""Regions: which county a text or an entry speaks of, and how near two counties are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

import ahocorasick

ANYWHERE = frozenset(("全市", "全区", "全县", "全旗", "全省", "全国", "不限", "各地", "全域", "全部", ""))
_SPLIT = re.compile(r"[、,，;；/ ]+")
_ENDING = re.compile(r"(?:[\u4e00-\u9fff]{1,4}?族)*自治[县旗州]$|[省市县区旗镇乡]$|街道$|苏木$")
_NATION = re.compile(r"(?:[蒙回土苗侗满藏彝壮瑶羌畲傣白黎佤][\u4e00-\u9fff]{0,2}族)+")
_UNIT_TOWN = re.compile(r"[\u4e00-\u9fff]{1,7}?(?:镇|乡|苏木|街道)")
_COUNTY = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:自治县|自治旗|[县区旗市])")
SAME, NEAR, CITY, FAR = 1.0, 0.35, 0.88, 0.08
"""Nearness of an entry: serves the very county, a neighbouring one, the whole city, or another county only."""


@cache
def _told() -> dict[str, dict[str, Any]]:
    return tomllib.loads(resources.files("models").joinpath("data/regions.toml").read_text("utf-8"))


@cache
def parents() -> dict[str, str]:
    """County to prefecture, for every county of China (the last of equal names wins)."""
    table: dict[str, str] = {}
    for province, cities in _told()["counties"].items():
        for city, below in cities.items():
            for county in below:
                table[county] = province if city == "市辖区" else city
    return table


@cache
def _near() -> dict[str, frozenset[str]]:
    return {name: frozenset(names) for name, names in _told()["near"].items()}


def areas(text: str) -> frozenset[str]:
    """The regions of an entry's 地区 as written; empty when it serves anywhere."""
    names = [name for name in _SPLIT.split(text.strip()) if name]
    return frozenset() if not names or any(name in ANYWHERE for name in names) else frozenset(names)


def short_names(name: str) -> set[str]:
    """What people say for a region: 安塞区 → 安塞, 翁牛特旗 → 翁旗, 巴林左旗 → 左旗, 莫力达瓦达斡尔族自治旗 → 莫旗."""
    found = {name}
    bare = _NATION.sub("", _ENDING.sub("", name)) if "自治" in name else _ENDING.sub("", name)
    if len(bare) >= 2:
        found.add(bare)
    last = name[-1]
    if last in "旗县区" and len(name) > 2:
        found.add(name[0] + last)
        if last == "旗" and name[-2] in "左右前中后":
            found.add(name[-2:])
            found.add(name[0] + name[-2:])
    return found


class Regions:
    """The counties that a catalogue serves, and every name that points to one of them."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        """``entries``: the area and the unit's name of each entry of the list."""
        counties: dict[str, None] = {}
        towns: dict[str, set[str]] = {}
        for area, unit in entries:
            own = areas(area)
            counties.update(dict.fromkeys(own))
            for county in own:
                if unit.startswith(county):
                    found = _UNIT_TOWN.match(unit, len(county))
                    if found is not None:
                        towns.setdefault(found.group(), set()).add(county)
        points: dict[str, set[str]] = {}
        for county in counties:
            for name in short_names(county):
                points.setdefault(name, set()).add(county)
        for said, meant in _told()["short"].items():
            if meant in counties:
                points[said] = {meant}
        for county, listed in _told()["towns"].items():
            if county in counties:
                for listed_town in listed:
                    towns.setdefault(listed_town, set()).add(county)
        for town, within in towns.items():
            bare = _ENDING.sub("", town)
            for name in {town, bare} if len(bare) > 1 else {town}:
                if name not in points:
                    points.setdefault(name, set()).update(within)
                elif points[name] != within and name not in counties:
                    points[name] = (
                        points[name]
                        if name in {s for c in counties for s in short_names(c)}
                        else points[name] | within
                    )
        self._points = {name: next(iter(to)) for name, to in points.items() if len(to) == 1}
        self._machine = ahocorasick.Automaton()
        for name, county in self._points.items():
            self._machine.add_word(name, (name, county))
        self._filled = bool(self._points)
        if self._filled:
            self._machine.make_automaton()
        self._counties = frozenset(counties)

    def named(self, text: str, places: Iterable[str] = ()) -> frozenset[str]:
        """The counties that a text speaks of; a county that no entry knows is returned by its own name."""
        found: set[str] = set()
        if self._filled:
            found.update(county for _, (_, county) in self._machine.iter_long(text))
        if found:
            return frozenset(found)
        for place in places:
            told = _COUNTY.match(place)
            if told is not None and told.group() in parents():
                found.add(told.group())
        return frozenset(found)

    def nearness(self, wanted: frozenset[str], served: frozenset[str]) -> float:
        """How well an entry that serves some regions suits someone in others; 1 when the text names no place."""
        if not wanted:
            return SAME
        if not served:
            return CITY
        if wanted & served:
            return SAME
        cities = {parents().get(name, name) for name in wanted}
        if cities & served:
            return CITY
        near = _near()
        return NEAR if any(near.get(name, frozenset()) & served for name in wanted) else FAR
