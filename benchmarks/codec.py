"""What one message costs between the body and the answer, ours beside wechatpy's: ``python -m benchmarks.codec``.

One thread, rounds interleaved, the median and the best of them in microseconds. Signature, markup, types, reply,
and in AES mode both envelopes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import create_reply
from wechatpy.utils import check_signature

from bot.config import WeChat
from bot.wechat.codec import Codec
from bot.wechat.crypto import Envelope, sign

TOKEN = "spamtest"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP = "wx2c2769f8efd9abc2"
STAMP, NONCE = "1409735669", "1320562132"
TEXT = "我们社区活动室缺两台轮椅，哪家单位能支持一下？"
REPLY = "已收到您的需求：\n「活动室缺两台轮椅」\n回复 1 确认，回复 2 修改，回复 0 取消。"
PLAIN = (
    "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName>"
    "<FromUserName><![CDATA[oyORnuP8q7ou2gfYjqLzSIWZf0rs]]></FromUserName>"
    "<CreateTime>1409735668</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    f"<Content><![CDATA[{TEXT}]]></Content><MsgId>6054768590064713728</MsgId></xml>"
).encode()


def cases() -> dict[str, Callable[[], object]]:
    """The measured ways, by name."""
    codec = Codec(WeChat(token=TOKEN, encoding_aes_key=KEY, app_id=APP))
    crypto = WeChatCrypto(TOKEN, KEY, APP)
    sealed = Envelope(KEY, APP).seal(PLAIN)
    body = (
        f"<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    ).encode()
    plain_query = {"signature": sign(TOKEN, STAMP, NONCE), "timestamp": STAMP, "nonce": NONCE}
    aes_query = {**plain_query, "encrypt_type": "aes", "msg_signature": sign(TOKEN, STAMP, NONCE, sealed)}

    def ours(query: dict[str, str], body: bytes) -> object:
        codec.admit(query)  # as the webhook does, before it reads the body
        return codec.write(codec.read(query, body), REPLY)

    def theirs_plain() -> object:
        check_signature(TOKEN, plain_query["signature"], STAMP, NONCE)
        return create_reply(REPLY, parse_message(PLAIN)).render()

    def theirs_aes() -> object:
        xml = crypto.decrypt_message(body, aes_query["msg_signature"], STAMP, NONCE)
        return crypto.encrypt_message(create_reply(REPLY, parse_message(xml)), NONCE, STAMP)

    return {
        "plain, wechatpy": theirs_plain,
        "plain, ours": lambda: ours(plain_query, PLAIN),
        "AES, wechatpy": theirs_aes,
        "AES, ours": lambda: ours(aes_query, body),
    }


def measure(rounds: int = 11, calls: int = 2000) -> dict[str, list[float]]:
    """Microseconds per call, one figure a round."""
    found: dict[str, list[float]] = {name: [] for name in cases()}
    running = cases()
    for _ in range(rounds):
        for name, run in running.items():
            start = time.perf_counter()
            for _ in range(calls):
                run()
            found[name].append((time.perf_counter() - start) / calls * 1e6)
    return found


def main() -> None:
    """Prints the table."""
    print(f"{'':18}{'median us':>10}{'best us':>10}")
    for name, figures in measure().items():
        print(f"{name:18}{statistics.median(figures):10.1f}{min(figures):10.1f}")


if __name__ == "__main__":
    main()
