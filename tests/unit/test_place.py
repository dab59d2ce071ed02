"""Places: which county a region lies in, and which regions lie outside the city."""

from __future__ import annotations

import pytest

from models.place import county_of, outside


@pytest.mark.parametrize(
    ("region", "external"),
    [
        ("", False),
        ("林西县官地镇朝阳沟村", False),
        ("赤峰市", False),
        ("赤峰市红山区", False),
        ("内蒙古自治区", False),
        ("内蒙古自治区林西县", False),
        ("内蒙古自治区赤峰市敖汉旗", False),
        ("市直机关", False),
        ("北京市丰台区", True),
        ("丰台区", True),
        ("河北省承德市", True),
        ("承德市围场满族蒙古族自治县", True),
        ("内蒙古自治区通辽市开鲁县", True),
        ("锡林郭勒盟正蓝旗", True),
    ],
)
def test_what_lies_outside_the_city(region: str, external: bool) -> None:
    assert outside(region) is external


def test_the_county_of_a_region() -> None:
    assert county_of("林西县官地镇朝阳沟村") == "林西县"
    assert county_of("北京市丰台区") == "丰台区"
    assert county_of("市直") == ""
