"""该打电话了：微信上够不着谁，请联络员打电话告诉。"""

from __future__ import annotations

from bot.kit.context import Aloud
from bot.kit.lists import shorten
from bot.kit.router import Router
from models.agenda import About
from models.call import CallNow, CallsWaiting
from models.outbox import Priority

on = Router()


@on.happened(CallsWaiting)
def waiting(aloud: Aloud, calls: CallsWaiting) -> None:
    """工作日早上一封：有几位收不到微信。过了今天，明天早上有新的。"""
    aloud.post(
        [officer for officer in aloud.card(calls.desk_id).officers if officer.member_id == calls.caller_id],
        "calls_waiting",
        key=f"calls:{calls.day}:{calls.desk_id}",
        text=aloud.say("notices_calls.waiting", count=calls.count),
        fields={"title": aloud.say("notices_calls.title"), "number": str(calls.count)},
        about=About("", 0, not_after=calls.ends_at),
    )


@on.happened(CallNow)
def now(aloud: Aloud, call: CallNow) -> None:
    """急事没送到：不等早上，马上请人打电话。"""
    aloud.post(
        [officer for officer in aloud.card(call.desk_id).officers if officer.member_id in call.caller_ids],
        "call_now",
        key=f"calls:now:{call.letter_id}",
        text=aloud.say(
            "notices_calls.now",
            name=call.name,
            organisation=call.organisation,
            phone=aloud.phone_of(call.member_id),
            text=shorten(call.text.replace("\n", ""), 120),
        ),
        fields={"title": aloud.say("notices_calls.title"), "who": call.name},
        priority=Priority.URGENT,
    )
