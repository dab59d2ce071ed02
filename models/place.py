"""地方: which county a region as written lies in, and whether that is outside the account's own city."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib import resources

_COUNTY = re.compile(
    r"(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[^县区旗]{1,8}?(?:市|盟|自治州))?"
    r"([\u4e00-\u9fff]{1,9}?(?:自治县|自治旗|[县区旗]))"
)


@lru_cache(maxsize=4096)
def county_of(region: str) -> str:
    """The county that a region begins with: ``林西县官地镇朝阳沟村`` → 林西县, ``北京市丰台区`` → 丰台区; else empty."""
    found = _COUNTY.match(region)
    return found[1] if found else ""


@cache
def _home() -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    """The account's own city, its province and counties; and the names of all other provinces and cities."""
    told = tomllib.loads(resources.files("models.data").joinpath("regions.toml").read_text(encoding="utf-8"))
    home: str = told["home"]
    [(province, cities)] = [each for each in told["counties"].items() if home in each[1]]
    others = {name for each in told["counties"].values() for name in each} | set(told["counties"])
    return home, province, tuple(cities[home]), tuple(sorted(others - {home, province}))


@lru_cache(maxsize=4096)
def outside(region: str) -> bool:
    """Whether a region as written lies outside the account's own city; what cannot be told does not."""
    home, province, counties, others = _home()
    if home in region:
        return False
    if region.startswith(others):
        return True
    rest = region.removeprefix(province)
    county = county_of(rest)
    return bool(county) and not rest.startswith(counties)
