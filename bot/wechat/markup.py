"""Push bodies as plain dictionaries: XML or JSON, small, and nothing that expands."""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

import msgspec

from bot.wechat.errors import NotAMessage

Fields = dict[str, Any]
"""Element or key to text, or for nested ones to Fields or a list of either. JSON may also give numbers and None."""

MAX_ELEMENTS = 512
MAX_DEPTH = 8
"""The largest real push (nine photos from a menu) has some 30 elements, five deep."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 §2.2 does not allow; Python's strings and JSON do."""
_CONTROL = bytes(c for c in range(1, 0x20) if c not in b"\t\n\r")
_JSON = msgspec.json.Decoder()


def clean(text: str) -> str:
    """``text`` without the characters that XML cannot carry."""
    # Ordinary text is printable but for its line breaks: the quick test spares it the search.
    return text if text.isprintable() else _ILLEGAL.sub("", text)


def parse(body: bytes) -> tuple[Fields, bool]:
    """The fields of a push, and whether it was JSON.

    Raises:
        NotAMessage: neither XML with the root ``xml`` nor a JSON object, or larger, deeper or stranger than any push.
    """
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    if body[:1] == b"<":
        return _parse_xml(body), False
    if body[:1] == b"{":
        return _parse_json(body), True
    raise NotAMessage("neither XML nor JSON")


def _parse_xml(body: bytes) -> Fields:
    try:
        return _walk(body)
    except expat.ExpatError as error:
        # People do paste control characters, and the platform passes them on: better answered than broken off.
        # A NUL is something else: no text has it.
        mended = body.translate(None, _CONTROL)
        if len(mended) == len(body) or b"\0" in body:
            raise NotAMessage(str(error)) from error
    try:
        return _walk(mended)
    except expat.ExpatError as error:
        raise NotAMessage(str(error)) from error


def _walk(body: bytes) -> Fields:
    """Raw expat, because it is three times as quick as xmltodict and refuses a DOCTYPE before reading it."""
    root: Fields = {}
    stack: list[Fields] = [root]
    """The fields of each open element that has children; the last is where the next value goes."""
    text: list[str] = []
    count = depth = 0
    childless = False
    """The innermost open element has had no child yet: should one begin, it needs fields of its own."""

    def start(_name: str, _attributes: object) -> None:
        nonlocal count, depth, childless
        count += 1
        depth += 1
        if count > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise NotAMessage("more elements than any push has")
        if childless:
            stack.append({})
        childless = True
        text.clear()

    def end(name: str) -> None:
        nonlocal depth, childless
        depth -= 1
        value: Any
        if childless:
            value = "".join(text).strip()
            childless = False
        else:
            value = stack.pop()
        text.clear()
        into = stack[-1]
        if name not in into:
            into[name] = value
        elif isinstance(into[name], list):
            into[name].append(value)
        else:
            into[name] = [into[name], value]

    # The encoding is fixed: a declaration of another one cannot change how the bytes are read.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.Parse(body, True)
    fields = root.get("xml")
    if not isinstance(fields, dict):
        raise NotAMessage("the root is not <xml> with fields")
    return fields


def _refuse_doctype(*_: object) -> None:
    raise NotAMessage("a push has no DOCTYPE")


def _parse_json(body: bytes) -> Fields:
    try:
        fields = _JSON.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAMessage(f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise NotAMessage("not a JSON object")
    return fields
