"""地方: which county a region as written lies in."""

from __future__ import annotations

import re
from functools import lru_cache

_COUNTY = re.compile(
    r"(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[^县区旗]{1,8}?(?:市|盟|自治州))?"
    r"([\u4e00-\u9fff]{1,9}?(?:自治县|自治旗|[县区旗]))"
)


@lru_cache(maxsize=4096)
def county_of(region: str) -> str:
    """The county that a region begins with: ``林西县官地镇朝阳沟村`` → 林西县, ``北京市丰台区`` → 丰台区; else empty."""
    found = _COUNTY.match(region)
    return found[1] if found else ""
