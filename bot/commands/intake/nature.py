"""What a file really is, whatever its name says: a clerk who sent the wrong thing is told what it is."""

from __future__ import annotations

import enum
import zipfile
from pathlib import Path
from typing import Final

from bot.commands.intake.page import SheetRefused

MOST_UNPACKED: Final = 400 * 2**20
"""Bytes that a workbook may come to when unpacked. 80,000 members are about 30 MB; a million rows that hold nothing
but borders are about 150 MB; more is a mistake or a trap."""
MOST_TEXTS: Final = 100 * 2**20
"""The same for its table of texts, which is kept in memory as a whole."""
MOST_OF_THE_REST: Final = 32 * 2**20
"""The same for each other part that is read as a whole, such as the styles: a tree of objects many times as large."""
MOST_PLAIN: Final = 100 * 2**20
"""Bytes of a text file, which is kept in memory as a whole too."""

_AS_XLSX = "请在表格软件里另存为 .xlsx 再导入"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED, _WORD = ("EncryptedPackage".encode("utf-16-le"), "WordDocument".encode("utf-16-le"))
_MAGIC: Final = {
    b"%PDF": f"是 PDF，不是表格，{_AS_XLSX}",
    b"Rar!": "是压缩包，请先解压，再导入里面的表格",
    b"7z\xbc\xaf": "是压缩包，请先解压，再导入里面的表格",
    b"\x1f\x8b": "是压缩包，请先解压，再导入里面的表格",
    b"\x89PNG": f"是图片，不是表格，{_AS_XLSX}",
    b"\xff\xd8\xff": f"是图片，不是表格，{_AS_XLSX}",
}
_PARTS: Final = (
    ("xl/workbook.bin", f"是 .xlsb，{_AS_XLSX}"),
    ("word/document.xml", "是 Word 文档，不是表格，请把表格复制到表格软件里，存成 .xlsx 再导入"),
    ("ppt/presentation.xml", "是演示文稿，不是表格，请把表格复制到表格软件里，存成 .xlsx 再导入"),
    ("content.xml", f"是 .ods，{_AS_XLSX}"),
)
_TEXTS: Final = "xl/sharedStrings.xml"
_READ_AS_A_WHOLE: Final = (
    "[Content_Types].xml",
    "docProps/",
    "xl/_rels/",
    "xl/workbook.xml",
    "xl/styles.xml",
    "xl/theme/",
)
_STRICT: Final = b"http://purl.oclc.org/ooxml/spreadsheetml/main"


class Nature(enum.Enum):
    """The two kinds of files that are read."""

    WORKBOOK = enum.auto()
    TEXT = enum.auto()


def nature(path: Path) -> Nature:
    """Which of them a file is.

    Raises:
        SheetRefused: neither, empty, locked, too large, or not to be opened.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise SheetRefused(f"打不开文件 {path}：{error.strerror}") from error
    if not start:
        raise SheetRefused(f"{path.name} 是空的（0 字节），没有找到表头。请重新导出或重新拷贝一份。")
    if start.startswith(_OLE[:4]):
        raise SheetRefused(f"{path.name} {_ole(path)}。")
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise SheetRefused(f"{path.name} {what}。")
    if start.startswith(b"PK"):
        _inspect(path)
        return Nature.WORKBOOK
    # Many systems "export to Excel" a web page or a kind of XML under the name .xls.
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise SheetRefused(f"{path.name} 其实是网页（HTML）或 XML，不是真正的表格文件，{_AS_XLSX}。")
    if path.stat().st_size > MOST_PLAIN:
        raise SheetRefused(f"{path.name} 太大了，最多 {MOST_PLAIN >> 20} MB，请分成几份导入。")
    return Nature.TEXT


def _ole(path: Path) -> str:
    """What an old compound file holds; its directory, in UTF-16, may stand anywhere in it."""
    written = path.read_bytes() if path.stat().st_size <= MOST_PLAIN else b""
    if _LOCKED in written:
        return "加了打开密码，请在表格软件里取消密码、另存为 .xlsx 再导入"
    if _WORD in written:
        return "是 Word 文档，不是表格，请把表格复制到表格软件里，存成 .xlsx 再导入"
    return "是旧版 .xls 或加了密码，请在表格软件里另存为不加密的 .xlsx 再导入"


def _inspect(path: Path) -> None:
    """Looks into a zip file without unpacking it.

    The sizes that it declares can be relied on: the reader stops where a part grows beyond what was declared.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {each.filename: each for each in archive.infolist()}
            if any(each.flag_bits & 0x1 for each in parts.values()):
                raise SheetRefused(f"{path.name} 加了密码，请取消密码再导入。")
            if "xl/workbook.xml" not in parts:
                raise SheetRefused(f"{path.name} {_other(parts)}。")
            if _is_too_large({name: each.file_size for name, each in parts.items()}):
                raise SheetRefused(
                    f"{path.name} 解开以后太大了，不像一份名册。"
                    "请新建一个表，只把有内容的格子复制过去，再导入。"
                )
            with archive.open("xl/workbook.xml") as book:
                if _STRICT in book.read(4096):
                    raise SheetRefused(f"{path.name} 存成了“Strict Open XML”，请另存为普通的 .xlsx 再导入。")
    except SheetRefused:
        raise
    except Exception as error:  # a damaged archive fails in many ways
        raise SheetRefused(f"{path.name} 读不下去，可能已经损坏，请另存为 .xlsx 再导入。") from error


def _is_too_large(sizes: dict[str, int]) -> bool:
    return (
        sum(sizes.values()) > MOST_UNPACKED
        or sizes.get(_TEXTS, 0) > MOST_TEXTS
        or any(size > MOST_OF_THE_REST and name.startswith(_READ_AS_A_WHOLE) for name, size in sizes.items())
    )


def _other(parts: dict[str, zipfile.ZipInfo]) -> str:
    for part, what in _PARTS:
        if part in parts:
            return what
    return "不是表格文件；要是压缩包，请先解压，再导入里面的表格"
