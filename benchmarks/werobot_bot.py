"""The peer with keyword rules: WeRoBot as its manual shows it, with the sessions that are switched on by default.

``gunicorn benchmarks.werobot_bot:app``. It keeps its sessions in the folder it is started in.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from werobot import WeRoBot
from werobot.contrib.flask import make_view

from benchmarks.account import AES_KEY, APP_ID, TOKEN
from benchmarks.makers import rules

robot = WeRoBot(token=TOKEN, app_id=APP_ID, encoding_aes_key=AES_KEY)


def _answer(reply: str) -> Callable[[object], str]:
    return lambda message: reply


for _name, _keywords, _reply, _priority in rules():
    robot.add_filter(_answer(_reply), rules=_keywords)


@robot.text
def anything(message: object) -> str:
    """What no rule wanted."""
    return "收到，请说得再具体一点。"


app = Flask(__name__)
app.add_url_rule("/wechat", endpoint="werobot", view_func=make_view(robot), methods=["GET", "POST"])
