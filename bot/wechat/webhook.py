"""The door that WeChat's servers knock on: ``GET`` and ``POST /wechat``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import ClientError, hdrs, web
from aiohttp.http import HttpProcessingError

from bot.kit.message import Inbound, Reply
from bot.log import shade
from bot.wechat.codec import Answer, Codec
from bot.wechat.errors import PushError

BODY_LIMIT = 256 * 1024
"""Bytes. Real pushes have a few thousand."""
BODY_TIMEOUT_S = 5.0
"""Seconds for the body to arrive: as long as the platform itself waits for an answer."""

_SUCCESS = Answer(b"success", "text/plain; charset=utf-8")

log = structlog.get_logger(__name__)


def routes(
    codec: Codec,
    answer: Callable[[Inbound], Awaitable[Reply | None]],
    *,
    path: str = "/wechat",
    body_limit: int = BODY_LIMIT,
    body_timeout_s: float = BODY_TIMEOUT_S,
) -> list[web.RouteDef]:
    """The two routes.

    ``answer`` gives the reply to a message, or None for nothing to say. Whatever it raises is logged with the
    message's key and answered with ``success``: an error status would make the platform push again and tell the
    person that the account is out of order.
    """

    async def check(request: web.Request) -> web.Response:
        try:
            echo = codec.echo(request.query)
        except PushError as error:
            return _refuse(error.status)
        return web.Response(text=echo, headers={"X-Content-Type-Options": "nosniff"})

    async def receive(request: web.Request) -> web.Response:
        try:
            codec.admit(request.query)
            body = await _body(request, body_limit, body_timeout_s)
            push = codec.read(request.query, body)
        except PushError as error:
            return _refuse(error.status)
        except _BodyError as error:
            response = _refuse(error.status)
            # What may still be on its way is not worth reading.
            response.force_close()
            return response
        except Exception:
            # The codec promises to raise nothing else. Should it ever break its word, the platform must not see a 500.
            log.exception("push_unreadable")
            return _refuse(400)
        message = push.message
        try:
            reply = await answer(message)
            written = codec.write(push, reply.text) if reply is not None else None
        except Exception:
            log.exception("answer_failed", key=_shaded_key(message))
            written = None
        if log.is_enabled_for(logging.DEBUG):
            log.debug(
                "push", key=_shaded_key(message), kind=type(message).__name__, answered=written is not None
            )
        return _respond(written or _SUCCESS)

    return [web.get(path, check), web.post(path, receive)]


class _BodyError(Exception):
    """The body was not read to its end."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def _body(request: web.Request, limit: int, timeout_s: float) -> bytes:
    """The body, counted as it arrives: chunked or compressed ones say nothing true about their length beforehand."""
    if (request.content_length or 0) > limit:
        raise _BodyError(413)
    content = request.content
    if content.is_eof():  # it is all here, as nearly always: nothing to wait for
        body: bytes = content.read_nowait()
        if len(body) > limit:
            raise _BodyError(413)
        return body
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout_s):
            while part := await content.readany():
                size += len(part)
                if size > limit:
                    raise _BodyError(413)
                parts.append(part)
    except TimeoutError as error:
        raise _BodyError(408) from error
    except (ClientError, HttpProcessingError, web.RequestPayloadError, OSError) as error:
        raise _BodyError(400) from error
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _respond(answer: Answer) -> web.Response:
    return web.Response(body=answer.body, headers={hdrs.CONTENT_TYPE: answer.content_type})


def _refuse(status: int) -> web.Response:
    return web.Response(status=status)


def _shaded_key(message: Inbound) -> str:
    """The key for the logs: an event's key holds the openid, which does not belong there in clear."""
    return message.key.replace(message.sender, shade(message.sender))
