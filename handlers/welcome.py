"""关注、扫码、取消关注。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.message import (
    ConsentChanged,
    Followed,
    LetterDelivered,
    MenuLinkOpened,
    NotificationDelivered,
    Reply,
    Scanned,
    Unfollowed,
    Unknown,
)
from bot.kit.router import PASS, Pass, Router

on = Router()


@on.event(Followed)
def followed(ctx: Context) -> Reply:
    """关注：三句话说清是什么、记什么、怎么开始。"""
    identity = ctx.unit.identities.of(ctx.openid)
    identity.follow()
    if ctx.person is not None:
        return ctx.say("welcome.back", name=ctx.person.name)
    message = ctx.message
    return _come(ctx, message.scene if isinstance(message, Followed) else "")


@on.event(Scanned)
def scanned(ctx: Context) -> Reply | Pass:
    """已经关注的人扫了支部的码。"""
    message = ctx.message
    if not isinstance(message, Scanned):
        return PASS
    if ctx.person is not None:
        return ctx.say("welcome.scanned", organisation=ctx.person.organisation)
    return _come(ctx, message.scene)


def _come(ctx: Context, scene: str) -> Reply:
    if scene.startswith("org:") and (branch := ctx.unit.organisations.by_code(scene[4:])) is not None:
        ctx.unit.identities.of(ctx.openid).come_by(scene)
        return ctx.say("welcome.hello_branch", organisation=branch.name)
    return ctx.say("welcome.hello")


@on.event(Unfollowed)
def unfollowed(ctx: Context) -> None:
    """取消关注：平台要求删掉这个人在这里的信息；该他办、还没告诉他的，改由人打电话。"""
    if ctx.person is not None:
        ctx.unit.cases.submit_draft_of(ctx.person, ctx.now)
    ctx.unit.calls.lost(ctx.openid, ctx.now)
    ctx.unit.identities.of(ctx.openid).leave()
    ctx.unit.inbox.leave(ctx.openid)


@on.event(LetterDelivered)
def delivered(ctx: Context) -> None:
    """平台回执：模板消息到了没有。"""
    message = ctx.message
    if isinstance(message, LetterDelivered):
        ctx.unit.outbox.delivered(message.message_id, message.status, ctx.now)


@on.event(ConsentChanged)
def consented(ctx: Context) -> None:
    """同意或者不再同意接收订阅通知：同意一次，可以发一条。"""
    message = ctx.message
    if isinstance(message, ConsentChanged):
        for template_id, agreed in message.answers:
            if agreed:
                ctx.unit.consents.give(ctx.openid, template_id)
            else:
                ctx.unit.consents.take_back(ctx.openid, template_id)


@on.event(NotificationDelivered)
def notified(ctx: Context) -> None:
    """平台回执：订阅通知到了没有；对方不再接收的，以后不发。"""
    message = ctx.message
    if isinstance(message, NotificationDelivered):
        for refused in message.refused:
            ctx.unit.consents.take_back(ctx.openid, refused)


@on.event(MenuLinkOpened, Unknown)
def noted(ctx: Context) -> None:
    """用不着回话的事：原样留底。"""
