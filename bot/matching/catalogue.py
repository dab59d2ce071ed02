"""Reading a supply-demand list from a CSV file (UTF-8, with or without a byte order mark)."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime
from pathlib import Path

from models.fit import Offer

HEADERS = ("编号", "清单", "标题", "内容", "类别", "单位", "地区", "数量", "有效期", "联系人")
_NEEDED = ("编号", "清单", "标题")
_SIDES = ("供给", "需求")
_JOINT = re.compile(r"\s*(?:至|到|~|～|—|/|\s-\s)\s*")


class CatalogueError(ValueError):
    """What is wrong with a file, with the row's number where there is one; the message is for people."""


def read_catalogue(path: str | Path) -> list[Offer]:
    """The offers of a CSV file with the headers of the import kind ``supplies``.

    Raises :class:`CatalogueError` for a file that cannot be read, missing or unknown headers, or a bad row.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            return _rows(csv.DictReader(file))
    except OSError as error:
        raise CatalogueError(f"打不开文件 {path}：{error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CatalogueError(f"文件 {path} 不是 UTF-8 编码，请另存为 UTF-8 的 CSV") from error
    except csv.Error as error:
        raise CatalogueError(f"文件 {path} 不是规范的 CSV：{error}") from error


def _rows(reader: csv.DictReader[str]) -> list[Offer]:
    headers = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = headers
    missing = [name for name in _NEEDED if name not in headers]
    if missing:
        raise CatalogueError(f"缺少列：{'、'.join(missing)}")
    extra = [name for name in headers if name not in HEADERS]
    if extra:
        raise CatalogueError(f"多出的列：{'、'.join(extra)}")
    offers: list[Offer] = []
    seen: dict[str, int] = {}
    for row in reader:
        number = reader.line_num
        if None in row:
            raise CatalogueError(f"第 {number} 行：格子比表头多")
        told = {name: (value or "").strip() for name, value in row.items()}
        if not any(told.values()):
            continue
        if told["编号"] in seen:
            raise CatalogueError(f"第 {number} 行：编号 {told['编号']} 与第 {seen[told['编号']]} 行重复")
        seen[told["编号"]] = number
        offers.append(_offer(told, number))
    return offers


def _offer(told: dict[str, str], number: int) -> Offer:
    for name in _NEEDED:
        if not told[name]:
            raise CatalogueError(f"第 {number} 行：{name}为空")
    if told["清单"] not in _SIDES:
        raise CatalogueError(f"第 {number} 行：清单应为供给或需求，写的是“{told['清单']}”")
    try:
        first, last = read_validity(told.get("有效期", ""))
    except ValueError as error:
        raise CatalogueError(f"第 {number} 行（{told['编号']}）：{error}") from error
    return Offer(
        code=told["编号"],
        side=told["清单"],
        title=told["标题"],
        detail=told.get("内容", ""),
        category=told.get("类别", ""),
        unit=told.get("单位", ""),
        area=told.get("地区", ""),
        quantity=told.get("数量", ""),
        valid_from=first,
        valid_until=last,
    )


def read_validity(text: str) -> tuple[date | None, date | None]:
    """``有效期``: empty or 长期 (no end), one day (the last one), or two days joined by 至 or /.

    Raises ValueError with a sentence for people.
    """
    text = text.strip()
    if text in ("", "长期", "长期有效"):
        return None, None
    parts = _JOINT.split(text) if not _day(text) else [text]
    if len(parts) > 2:
        raise ValueError(f"有效期“{text}”看不懂")
    days = [_day(part) for part in parts]
    if parts[-1] == "长期" and len(parts) == 2 and days[0] is not None:
        return days[0], None
    if any(day is None for day in days):
        raise ValueError(f"有效期“{text}”看不懂，应写成 2026-12-31、2026-08-25至2026-10-20 或 长期")
    if len(days) == 1:
        return None, days[0]
    first, last = days[0], days[1]
    if first is not None and last is not None and last < first:
        raise ValueError(f"有效期“{text}”的结束早于开始")
    return first, last


def _day(text: str) -> date | None:
    match = re.fullmatch(
        r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?(?:[ T]00:00(?::00)?)?", text
    )
    if match is None:
        return None
    try:
        return datetime(int(match[1]), int(match[2]), int(match[3])).date()  # noqa: DTZ001 - a calendar day has no zone
    except ValueError:
        return None
