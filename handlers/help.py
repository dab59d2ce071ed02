"""帮助和取消：谁来问，说谁用得着的。"""

from __future__ import annotations

from bot.kit.context import Context
from bot.kit.message import Reply
from bot.kit.router import Router, Who

on = Router()


@on.escape("帮助", "怎么用", "咋用", "使用说明", "说明")
@on.intent("help", who=Who.ANYONE)
def show(ctx: Context) -> Reply:
    """帮助。"""
    if ctx.person is None:
        return ctx.say("help.newcomer")
    posts = ctx.unit.organisations.posts_of(ctx.member.member_id, ctx.now)
    if any(post.organisation_id == ctx.member.chair_id for post in posts):
        return ctx.say("help.chair", organisation=ctx.member.chair, consortium=ctx.member.consortium)
    if posts:
        return ctx.say("help.officer", post=posts[0].organisation + posts[0].post.label)
    for each in ctx.unit.posts.jointly_held_by(ctx.member.member_id, ctx.now):
        if each.post.acts:
            return ctx.say("help.joint", post=each.consortium + each.post.label)
    return ctx.say("help.member")


@on.escape("取消", "返回", "退出", "算了")
def cancel(ctx: Context) -> Reply:
    """取消：离开正在说的事；报到一半的草稿不报了。"""
    if ctx.person is not None:
        draft = ctx.unit.cases.draft_of(ctx.member)
        if draft is not None:
            ctx.unit.casework.withdraw(draft, by=ctx.member, now=ctx.now)
    ctx.end()
    return ctx.say("help.cancelled")
