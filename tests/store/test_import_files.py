"""Files that are something else than their name says, texts of every make, and cells that programs have spoilt."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot.commands.intake import nature
from models.store import Store
from tests.store.tables import MEMBERS, Bring, Rows, as_csv, dump, without

HEAD = MEMBERS[0]
NEW = [HEAD, ["赵玉", "13800005555", "A", "书记,联络员"], ["钱进", "13800006666", "B", ""]]


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return file.getvalue()


def compound(entry: str) -> bytes:
    """The beginning of an old compound file, and one name out of its directory."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000) + entry.encode("utf-16-le") + bytes(100)


def locked() -> bytes:
    """A zip whose first part is marked as encrypted."""
    written = bytearray(zipped("xl/workbook.xml"))
    written[written.index(b"PK\x01\x02") + 8] |= 1
    return bytes(written)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"", "members.xlsx 是空的（0 字节）"),
        (compound("EncryptedPackage"), "members.xlsx 加了打开密码，请在表格软件里取消密码"),
        (compound("WordDocument"), "是 Word 文档，不是表格"),
        (compound("Workbook"), "是旧版 .xls 或加了密码"),
        (zipped("[Content_Types].xml", "word/document.xml"), "是 Word 文档，不是表格"),
        (zipped("[Content_Types].xml", "ppt/presentation.xml"), "是演示文稿"),
        (zipped("xl/workbook.bin"), "是 .xlsb"),
        (zipped("mimetype", "content.xml"), "是 .ods"),
        (zipped("党员.xlsx"), "要是压缩包，请先解压"),
        (zipped("xl/workbook.xml"), "可能已经损坏"),
        (locked(), "加了密码，请取消密码"),
        (b"PK\x05\x06" + bytes(18), "不是表格文件"),
        (b"PK\x03\x04 torn", "可能已经损坏"),
        (b"%PDF-1.7 ...", "是 PDF"),
        (b"Rar!\x1a\x07\x00", "是压缩包"),
        (b"\x89PNG\r\n\x1a\n", "是图片"),
        ("\ufeff<html><table><tr><td>姓名</td></tr></table></html>".encode(), "其实是网页（HTML）或 XML"),
        (b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com"/>', "其实是网页（HTML）或 XML"),
        (b"\xff\x00\x81\x20\xff", "认不出是什么编码"),
    ],
)
def test_what_a_file_really_is(
    bring: Bring, tmp_path: Path, capsys: pytest.CaptureFixture[str], written: bytes, reason: str
) -> None:
    path = tmp_path / "members.xlsx"
    path.write_bytes(written)
    assert bring("members", path) == 1
    spoken = capsys.readouterr()
    assert spoken.out == ""
    assert reason in spoken.err
    assert spoken.err.count("\n") == 1


def test_a_folder_is_no_file(bring: Bring, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bring("members", tmp_path) == 1
    assert "打不开文件" in capsys.readouterr().err


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/media/image1.png"]
)
def test_a_bomb_is_not_unpacked(
    bring: Bring, tmp_path: Path, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    file = io.BytesIO()
    book = Workbook()
    book.save(file)
    book.close()
    path = tmp_path / "members.xlsx"
    with zipfile.ZipFile(file) as good, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in good.namelist():
            if name != part:
                archive.writestr(name, good.read(name))
        with archive.open(part, "w") as bomb:
            most = {
                "xl/sharedStrings.xml": nature.MOST_TEXTS,
                "xl/styles.xml": nature.MOST_OF_THE_REST,
            }.get(part, nature.MOST_UNPACKED)
            for _ in range((most >> 20) + 1):
                bomb.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    assert bring("members", path) == 1
    assert "解开以后太大了" in capsys.readouterr().err


def test_strict_workbooks_are_refused_by_name(
    bring: Bring, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "members.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "xl/workbook.xml", '<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"></workbook>'
        )
    assert bring("members", path) == 1
    assert "Strict Open XML" in capsys.readouterr().err


def separated(rows: Rows, separator: str, end: str = "\r\n") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_texts_of_every_make(
    filled: Bring, capsys: pytest.CaptureFixture[str], encoding: str, separator: str, end: str
) -> None:
    title = [["花名册，官地镇, 2026, 第一季度, 共 2 人, ,,,,", "", "", ""], ["", "", "", ""]]
    text = separated([*title, *NEW, ["合计", "2", "", ""]], separator, end)
    assert filled("members", text.encode(encoding)) == 0
    assert capsys.readouterr() == (
        "新增 2，更新 0，未变 0\n",
        "注意：最后的第 6 行是合计、签字或说明，没有当作数据。\n",
    )


def test_a_line_that_names_the_separator(filled: Bring, capsys: pytest.CaptureFixture[str]) -> None:
    assert filled("members", ("sep=;\n" + separated(NEW, ";")).encode()) == 0
    assert capsys.readouterr().out == "新增 2，更新 0，未变 0\n"


def test_a_break_inside_a_cell_counts_as_one_row(filled: Bring, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [HEAD, ["赵玉", "13800005555", "A", "书记\n联络员"], ["钱进", "1380000666", "B", ""]]
    assert filled("members", as_csv(rows)) == 1
    assert capsys.readouterr().err.startswith("第 3 行：“手机号”的“1380000666”不是 11 位手机号\n")


def test_another_encoding_than_it_could_be(bring: Bring, capsys: pytest.CaptureFixture[str]) -> None:
    assert bring("members", "姓名,手機號,黨組織編號,職務\n趙玉,13800005555,A,\n".encode("big5")) == 1
    assert "没有找到表头" in capsys.readouterr().err


@pytest.mark.parametrize(
    "written",
    [
        13800005555,
        13800005555.0,
        "13800005555.0",
        "13800005555.00",
        "1.3800005555E+10",
        "1.3800005555e10",
        "'13800005555",
        "’13800005555",
        "＇１３８００００５５５５",
        "+86 138 0000 5555",
        "86-138-0000-5555",
        "(138)00005555",
        "\u202a138\u200b0000\u180e5555\u202c\xa0",
        "138\n00005555",
    ],
)
def test_phones_put_straight(filled: Bring, sqlite_store: Store, written: object) -> None:
    assert filled("members", without(NEW, 手机号=written)) == 0
    with sqlite_store.reading() as unit:
        assert unit.members.with_phone("13800005555")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("1.38E+10", "被表格软件写成了科学计数“1.38E+10”，后几位已经丢了，请把这一列设成文本后重填"),
        ("1.38e+010", "后几位已经丢了"),
        ("1.38001E10", "后几位已经丢了"),
        ("１．３８Ｅ＋１０", "后几位已经丢了"),
        (13800005555.5, "不是 11 位手机号"),
        ("13800005555/13800006666", "写了几个号码，请只留一个"),
        ("13800005555、13800006666", "写了几个号码，请只留一个"),
        ("0476-8881234", "不是 11 位手机号"),
        ("12345678901", "不是 11 位手机号"),
        ("无", "不是 11 位手机号"),
        ("'", "不能为空"),
        (True, "不是 11 位手机号"),
        ("\u200b \u3000", "不能为空"),
    ],
)
def test_phones_that_cannot_be_right(
    filled: Bring, sqlite_store: Store, capsys: pytest.CaptureFixture[str], written: object, reason: str
) -> None:
    before = dump(sqlite_store)
    assert filled("members", without(NEW, 手机号=written)) == 1
    first = capsys.readouterr().err.splitlines()[0]
    assert first.startswith("第 2 行：“手机号”")
    assert reason in first
    assert dump(sqlite_store) == before


def test_a_phone_that_ends_in_nothing_but_zeros_is_doubted(
    filled: Bring, capsys: pytest.CaptureFixture[str]
) -> None:
    assert filled("members", without(NEW, 手机号=13800000000)) == 0
    assert capsys.readouterr().err == (
        "注意：第 2 行：“手机号”后面全是 0，像是被写成科学计数以后丢了几位，请核对。\n"
    )
    assert filled("members", without(NEW, 手机号="13700000000")) == 0
    assert capsys.readouterr().err == ""  # as a text it was meant


@pytest.mark.parametrize("written", ["Ａ", "'A", " A\u200b ", "\ufeffA", "A\n"])
def test_codes_put_straight(filled: Bring, written: str) -> None:
    assert filled("members", without(NEW, 党组织编号=written)) == 0


def test_codes_that_became_numbers(bring: Bring, sqlite_store: Store) -> None:
    headers = ["编号", "名称", "类别", "上级编号", "地区"]
    assert bring("organisations", [headers, [1001.0, "甲支部", "党支部", "", ""]]) == 0
    assert bring("organisations", [headers, ["1002", "乙支部", "党支部", 1001, ""]]) == 0
    with sqlite_store.reading() as unit:
        assert [each.code for each in unit.organisations.all()] == ["1001", "1002"]
