"""听不准的时候：不说“无法识别”，给几个数字选，或者找真人。"""

from __future__ import annotations

import re

from bot.kit.context import ASKABLE, Context
from bot.kit.dialogue import Unsure
from bot.kit.lists import numbered, shorten
from bot.kit.message import Image, Link, Location, Reply, Video, Voice
from bot.kit.router import PASS, Meant, Pass, Router, Who
from bot.kit.words import choice, is_no, is_yes, plain

on = Router()

_THANKS = re.compile("谢|感激|辛苦|麻烦你|麻烦您|再见|拜拜")
WORTH_ASKING = 6
"""Characters; a shorter text that was not understood says too little to offer to report it."""


@on.intent("chitchat", who=Who.ANYONE)
def greeting(ctx: Context) -> Reply:
    """打个招呼。"""
    if ctx.person is None:
        return ctx.say("smalltalk.newcomer")
    return ctx.say("smalltalk.welcome" if _THANKS.search(ctx.text) else "smalltalk.hello")


@on.event(Location)
def place(ctx: Context) -> Reply | Pass:
    """位置：单发一个位置，问是什么事。"""
    return ctx.say("smalltalk.place") if ctx.person is not None else PASS


@on.event(Link, Video)
def media(ctx: Context) -> Reply:
    """文章、视频：看不了，请打字。"""
    return ctx.say("smalltalk.media")


@on.step(Unsure)
def meant(ctx: Context, step: Unsure) -> Reply | Meant | Pass:
    """没听准的那句话，是哪个意思。"""
    number = choice(ctx.text)
    if number is not None and 1 <= number <= len(step.intents):
        return Meant(step.text, step.intents[number - 1])
    if len(step.intents) == 1 and is_yes(ctx.text):
        return Meant(step.text, step.intents[0])
    return ctx.say("smalltalk.dropped") if number == 0 or is_no(ctx.text) else PASS


@on.anything
def anything(ctx: Context) -> Reply:
    """别的都不是。"""
    if ctx.person is None:
        return ctx.say("smalltalk.newcomer")
    if isinstance(ctx.message, (Image, Voice)):
        return ctx.say("smalltalk.media")
    text = shorten(ctx.text, 300)
    if ctx.unsure:
        understood = ctx.understanding
        intents = tuple(each for each in (understood.intent, understood.rival or "") if each in ASKABLE)
        if intents == ("report",):
            return ctx.ask("smalltalk.unsure", then=Unsure(text), text=shorten(text, 20))
        lines = [ctx.texts.say(f"meant.{intent}") for intent in intents]
        return ctx.ask(
            "smalltalk.which_of", then=Unsure(text, intents), text=shorten(text, 20), choices=numbered(lines)
        )
    if len(plain(ctx.text)) >= WORTH_ASKING:
        return ctx.ask("smalltalk.unsure", then=Unsure(text), text=shorten(text, 20))
    return ctx.say("smalltalk.tell_me")
