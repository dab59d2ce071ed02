"""Calls to the platform: wechatpy's definitions of the interfaces over one asynchronous transport of our own.

wechatpy's client waits in the caller's thread, fetches a token per waiting thread, repeats a refused call without
end and sets no time limit on the token. All its methods end in ``_request``; here that is a coroutine, so what they
return is awaited. Methods that look at the answer themselves (tickets, iterators, uploads) do not work this way and
are not used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec
from wechatpy import WeChatClient
from yarl import URL

from bot.config import WeChat
from bot.wechat.errors import ApiError, ConfigurationError, PayloadError, TokenError, TransientError, classify
from bot.wechat.tokens import Tokens
from bot.wechat.wording import fit

OFFICIAL_HOST = "https://api.weixin.qq.com"
ANSWER_LIMIT = 4 * 1024 * 1024
"""Bytes. The largest JSON answer, a page of 10,000 followers, has some 400 KB."""
MEDIA_LIMIT = 10 * 1024 * 1024
"""Bytes. The platform takes images up to 10 MB from its users."""
CONNECTIONS = 256
"""More than letters are ever on their way at once, so that no other call waits behind them."""
IDLE_S = 10.0
"""Seconds an idle connection is kept. A POST over one that the server has just closed fails without being sent again,
so connections are given up before the server is likely to."""


class Media(msgspec.Struct, frozen=True):
    """A downloaded file."""

    body: bytes
    content_type: str


class QrCode(msgspec.Struct, frozen=True):
    """A QR code that leads to the account and names a scene."""

    ticket: str
    content: str
    """What the code itself says (a weixin.qq.com address), for drawing it ourselves."""
    image_url: str
    """The platform's picture of it."""


class _Sent(msgspec.Struct, frozen=True):
    """What the platform says to a message that was sent."""

    errcode: int = 0
    msgid: int | str | None = None


_read_sent = msgspec.json.Decoder(_Sent).decode


class _Response(msgspec.Struct, frozen=True):
    body: bytes
    content_type: str


class Client(WeChatClient):  # type: ignore[misc] # wechatpy publishes no types
    """One account's calls, over one connection pool. Close it, or use it as ``async with``.

    Every method raises an ApiError of the class that says what to do about it, and nothing else.
    """

    def __init__(self, settings: WeChat) -> None:
        """Opens nothing yet: the session begins with the first call, inside the running loop."""
        # Not calling super().__init__: it opens a requests session and a token store that we have no use for.
        self.appid = settings.app_id
        self.secret = settings.app_secret
        self._host = settings.api_base.rstrip("/")
        self._timeout_s = settings.timeout_s
        self._session: aiohttp.ClientSession | None = None
        self._addresses: dict[tuple[str, str], URL] = {}
        self.tokens = Tokens(self._fetch_token)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connections; the client may not be used after."""
        if self._session is not None:
            await self._session.close()

    @property
    def access_token(self) -> str:
        """wechatpy's synchronous way to the token, closed: it would wait for the network inside the event loop."""
        # AttributeError, since wechatpy looks at all attributes of a new client before it is set up.
        raise AttributeError("the token is asynchronous: use tokens.current()")

    async def send_text(self, openid: str, text: str) -> None:
        """A customer-service message; longer texts are cut to the platform's limit."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": fit(text)}}
        await self._send("message/custom/send", body)

    async def send_subscription(self, openid: str, template_id: str, data: Mapping[str, str]) -> None:
        """A subscribe notification (订阅通知), to which the person has agreed; ``data`` as for a template message."""
        await self._send("message/subscribe/bizsend", _template_body(openid, template_id, data))

    async def send_template(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        client_msg_id: str = "",
        url: str = "",
    ) -> str:
        """A template message; gives its number, by which TEMPLATESENDJOBFINISH reports on it.

        ``data``: keyword (``thing1``) to value, cut to what the keyword's type allows. ``client_msg_id``: the
        platform drops a repeat with the same one for about ten minutes.
        """
        # wechatpy's send_template has no client_msg_id.
        body = _template_body(openid, template_id, data)
        if client_msg_id:
            body["client_msg_id"] = client_msg_id
        if url:
            body["url"] = url
        return str((await self._send("message/template/send", body)).msgid or "")

    async def create_menu(self, menu: Mapping[str, Any]) -> None:
        """Replaces the custom menu; ``menu`` is the platform's structure with ``button`` at its top."""
        await self.menu.create(dict(menu))

    async def create_qr(self, scene: str, *, seconds: int | None = None) -> QrCode:
        """A QR code for ``scene`` (1 to 64 characters), good for ``seconds`` (at most 30 days), None: for ever.

        An account has 100,000 permanent codes; temporary ones are not counted.
        """
        if not 1 <= len(scene) <= 64:
            raise PayloadError(0, "二维码的场景要 1 到 64 个字符")
        body: dict[str, Any] = {
            "action_name": "QR_LIMIT_STR_SCENE" if seconds is None else "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        if seconds is not None:
            body["expire_seconds"] = min(seconds, 2_592_000)
        answer = await self.qrcode.create(body)
        ticket = str(answer.get("ticket", ""))
        return QrCode(ticket, str(answer.get("url", "")), str(self.qrcode.get_url(ticket)))

    async def user_info(self, openid: str) -> dict[str, Any]:
        """What the platform tells of a follower: ``subscribe`` (0 or 1), ``subscribe_time``, ``unionid`` … but no name."""
        found: dict[str, Any] = await self.user.get(openid)
        return found

    async def download(self, media_id: str, *, limit: int = MEDIA_LIMIT) -> Media:
        """A photo or voice that somebody sent; the platform keeps it for three days.

        Raises:
            PayloadError: more than ``limit`` bytes, no such file, or a video (the platform gives those elsewhere).
        """
        response: _Response = await self._with_token(
            "GET", self._url("media/get"), {"media_id": media_id}, None, limit
        )
        if _is_text(response.content_type):
            raise PayloadError(0, "这不是可以下载的图片或语音")
        return Media(response.body, response.content_type)

    async def _send(self, endpoint: str, body: Mapping[str, Any]) -> _Sent:
        """One message: the same as any call, on the shortest way, since many thousands go at a time."""
        data = _encode(body)
        token = await self.tokens.current()
        try:
            return await self._send_once(endpoint, token, data)
        except TokenError:
            token = await self.tokens.instead_of(token)
        return await self._send_once(endpoint, token, data)

    async def _send_once(self, endpoint: str, token: str, data: bytes | None) -> _Sent:
        key = (endpoint, token)
        url = self._addresses.get(key)
        if url is None:
            # An address with its token is the same for an hour and more: it is put together once.
            self._addresses = {each: url for each, url in self._addresses.items() if each[1] == token}
            url = URL(self._url(endpoint)).with_query(access_token=token)
            self._addresses[key] = url
        response = await self._call("POST", url, None, data, ANSWER_LIMIT)
        try:
            sent = _read_sent(response.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            sent = _Sent()
            _decode(
                response
            )  # whatever it is, it is no object or holds something odd; an error it states was raised
        return sent

    async def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        """Where all of wechatpy's methods end; gives the answer's JSON."""
        if kwargs.get("files"):
            raise ConfigurationError(0, "上传文件不在此客户端的范围内")
        url = self._url(url_or_endpoint, kwargs.get("api_base_url"))
        process: Callable[[Any], Any] | None = kwargs.get("result_processor")
        answer = _decode(
            await self._with_token(method, url, kwargs.get("params") or {}, kwargs.get("data"), ANSWER_LIMIT)
        )
        if process is None:
            return answer
        try:
            return process(answer)
        except (KeyError, TypeError) as error:
            raise TransientError(0, "微信的回答缺少内容", uncertain=True) from error

    def _url(self, url_or_endpoint: str, base: str | None = None) -> str:
        # Some of wechatpy's interfaces carry the official host inside: wherever it comes from, ours replaces it.
        absolute = url_or_endpoint.startswith(("http://", "https://"))
        url = url_or_endpoint if absolute else f"{base or self.API_BASE_URL}{url_or_endpoint}"
        return self._host + url.removeprefix(OFFICIAL_HOST) if url.startswith(OFFICIAL_HOST + "/") else url

    async def _with_token(
        self, method: str, url: str, params: Mapping[str, Any], data: Any, limit: int
    ) -> _Response:
        token = await self.tokens.current()
        body = _encode(data)
        try:
            return await self._call(method, url, {**params, "access_token": token}, body, limit)
        except TokenError:
            # Once and no more: a second refusal has another cause than age.
            token = await self.tokens.instead_of(token)
        return await self._call(method, url, {**params, "access_token": token}, body, limit)

    async def _fetch_token(self, force: bool) -> tuple[str, float]:
        body = {
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.secret,
            "force_refresh": force,
        }
        try:
            answer = _decode(
                await self._call("POST", self._url("stable_token"), {}, _encode(body), ANSWER_LIMIT)
            )
        except TransientError as error:
            # Whatever became of the token: the call that needs it has not been sent.
            error.uncertain = False
            raise
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int | float):
            raise TransientError(0, "微信没有给出 access_token")
        return token, float(seconds)

    async def _call(
        self, method: str, url: str | URL, params: Mapping[str, Any] | None, data: bytes | None, limit: int
    ) -> _Response:
        """One exchange, with everything that can go wrong on the way turned into our errors."""
        try:
            async with self._open().request(
                method.upper(),
                url,
                params=params,
                data=data,
                headers=_JSON_HEADER,
                allow_redirects=False,
            ) as response:
                body = await _read(response, limit)
                status, kind = response.status, response.content_type
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            raise TransientError(0, f"连接不上微信接口：{type(error).__name__}") from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise ConfigurationError(0, "接口地址 api_base 不正确") from error
        except TimeoutError as error:
            raise TransientError(0, "等待微信接口超时", uncertain=True) from error
        except (aiohttp.ClientError, OSError) as error:
            raise TransientError(
                0, f"与微信接口的连接中断：{type(error).__name__}", uncertain=True
            ) from error
        _check_status(status)
        if _is_text(kind) and (refusal := _refusal(body)) is not None:
            raise refusal
        return _Response(body, kind)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_S),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, connect=self._timeout_s / 2),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


_JSON_HEADER = {"Content-Type": "application/json; charset=utf-8"}

# Characters by keyword type, as the platform's page on notification parameters gives them; all others 20.
_LENGTHS = {"character_string": 32, "letter": 32, "number": 32, "phrase": 5, "symbol": 5, "name": 10}
_LENGTH = 20


def shorten(keyword: str, value: str) -> str:
    """``value`` on one line and no longer than a keyword of this type (``thing1`` is a ``thing``) may be."""
    line = " ".join(value.split())
    limit = _LENGTHS.get(keyword.rstrip("0123456789"), _LENGTH)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _template_body(openid: str, template_id: str, data: Mapping[str, str]) -> dict[str, Any]:
    return {
        "touser": openid,
        "template_id": template_id,
        "data": {name: {"value": shorten(name, value)} for name, value in data.items()},
    }


def _encode(data: Any) -> bytes | None:
    if data is None:
        return None
    # Not aiohttp's json=: it writes \uXXXX, which the platform shows to people as it stands or refuses (40033).
    try:
        return msgspec.json.encode(data)
    except UnicodeEncodeError:
        # Lone surrogates, which no text should hold, become question marks.
        return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > limit:
            response.close()
            raise PayloadError(0, f"微信的回答超过 {limit} 字节")
        parts.append(part)
    return b"".join(parts)


def _check_status(status: int) -> None:
    if status >= 500 or status == 429:
        # 504: a gateway gave up waiting, the call itself may have gone through.
        raise TransientError(0, f"微信接口返回 HTTP {status}", uncertain=status == 504)
    if status >= 300:
        raise ConfigurationError(0, f"微信接口返回 HTTP {status}，请检查 api_base")


def _is_text(content_type: str) -> bool:
    return "json" in content_type or content_type.startswith("text/")


def _refusal(body: bytes) -> ApiError | None:
    """The error that an answer states; None if it states none or is not JSON at all."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    try:
        errcode = int(answer.get("errcode") or 0)
    except (TypeError, ValueError):
        errcode = -1
    return classify(errcode, str(answer.get("errmsg", ""))) if errcode else None


def _decode(response: _Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        raise TransientError(0, "微信的回答不是 JSON", uncertain=True) from error
    if not isinstance(answer, dict):
        raise TransientError(0, "微信的回答不是 JSON 对象", uncertain=True)
    return answer
