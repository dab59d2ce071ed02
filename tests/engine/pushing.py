"""Pushes as the platform seals and signs them, and what it reads in the answer, for tests of the whole product."""

from __future__ import annotations

import itertools
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from xml.etree import ElementTree

from bot.config import WeChat
from bot.sim.parcel import write
from bot.sim.seal import Seal, signature

_numbers = itertools.count(7_000_000_001)


class Sender:
    """Sends one account's pushes over real HTTP, signed and in AES."""

    def __init__(self, url: str, settings: WeChat, account: str = "gh_shouqianshou") -> None:
        self._url = url
        self._token = settings.token
        self._seal = Seal(settings.token, settings.encoding_aes_key, settings.app_id)
        self._account = account

    def text(
        self, openid: str, words: str, *, number: int | None = None, stamp: int | None = None
    ) -> str | None:
        """Sends words; the reply's words, or None where nothing was said. ``number``: the MsgId."""
        return self.push(
            openid,
            {"MsgType": "text", "Content": words, "MsgId": number or next(_numbers)},
            stamp=stamp,
        )

    def push(self, openid: str, content: dict[str, object], *, stamp: int | None = None) -> str | None:
        """Sends any push."""
        head = {"ToUserName": self._account, "FromUserName": openid, "CreateTime": stamp or int(time.time())}
        status, body = self.raw(write({**head, **content}, "xml"))
        assert status == 200, (status, body)
        if body in ("", "success"):
            return None
        fields = {child.tag: child.text or "" for child in ElementTree.fromstring(body)}
        plain = self._seal.open(
            fields["Encrypt"], fields["MsgSignature"], fields["TimeStamp"], fields["Nonce"]
        )
        reply = ElementTree.fromstring(plain)
        assert reply.findtext("ToUserName") == openid
        assert reply.findtext("FromUserName") == self._account
        return reply.findtext("Content")

    def raw(self, plain: str, *, token: str = "") -> tuple[int, str]:
        """Status and body of the answer to a sealed document; ``token``: one to sign with in place of the right one."""
        stamp, nonce, sealed = str(int(time.time())), "731804", self._seal.close(plain)
        query = {
            "signature": signature(token or self._token, stamp, nonce),
            "timestamp": stamp,
            "nonce": nonce,
            "encrypt_type": "aes",
            "msg_signature": signature(token or self._token, stamp, nonce, sealed),
        }
        envelope = (
            f"<xml><ToUserName>{self._account}</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        )
        return fetch(f"{self._url}?{urllib.parse.urlencode(query)}", envelope.encode())


def fetch(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """One HTTP exchange on loopback: status and text, whatever the status."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "text/xml"} | (headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def attempts(seconds: float) -> Iterator[None]:
    """Again and again until ``seconds`` are over: for what becomes true by itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")
