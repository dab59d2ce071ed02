"""The peer that does least: wechatpy's own Flask example, in AES mode: it says back what it was told, keeps nothing.

``gunicorn benchmarks.echo:app``
"""

from __future__ import annotations

from flask import Flask, abort, request
from wechatpy import create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

from benchmarks.account import AES_KEY, APP_ID, TOKEN

app = Flask(__name__)


@app.route("/wechat", methods=["GET", "POST"])
def wechat() -> str:
    """One push."""
    signature, timestamp = request.args.get("signature", ""), request.args.get("timestamp", "")
    nonce = request.args.get("nonce", "")
    try:
        check_signature(TOKEN, signature, timestamp, nonce)
    except InvalidSignatureException:
        abort(403)
    if request.method == "GET":
        return request.args.get("echostr", "")
    crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    try:
        body = crypto.decrypt_message(request.data, request.args.get("msg_signature", ""), timestamp, nonce)
    except (InvalidSignatureException, InvalidAppIdException):
        abort(403)
    message = parse_message(body)
    text = message.content if message.type == "text" else ""
    return crypto.encrypt_message(create_reply(text, message).render(), nonce, timestamp)
