"""What can go wrong with WeChat, in two families: pushes that are refused, and calls that the platform refuses."""

from __future__ import annotations

import re


class PushError(Exception):
    """A push that is not answered; ``status`` is the HTTP status it is turned away with."""

    status = 400


class BadSignature(PushError):
    """The request does not prove that it comes from the platform."""

    status = 403


class WrongAccount(PushError):
    """A genuine push, but meant for another account than ours."""

    status = 403


class NotAMessage(PushError):
    """The body cannot be read as a message: not XML or JSON, not decryptable, without what every message has."""

    status = 400


class ApiError(Exception):
    """The platform, or the way to it, refused a call."""

    def __init__(self, errcode: int, errmsg: str, *, uncertain: bool = False) -> None:
        """``errcode``: the platform's number (0 when the failure is not the platform's word).

        ``uncertain``: the call may have taken effect all the same, because the failure came after it was sent.
        """
        super().__init__(f"{errcode}: {errmsg}" if errcode else errmsg)
        self.errcode = errcode
        self.errmsg = errmsg
        self.uncertain = uncertain

    @property
    def rid(self) -> str:
        """The platform's request id, by which its support finds the call; empty when it gave none."""
        found = _RID.search(self.errmsg)
        return found[1] if found else ""


class TokenError(ApiError):
    """The access token was refused, and so was a fresh one."""


class TransientError(ApiError):
    """Busy, time-out, broken connection, 5xx, per-minute limit: worth another try later."""


class QuotaError(ApiError):
    """The day's allowance of this interface is used up; it returns at midnight in Shanghai."""


class ConfigurationError(ApiError):
    """Wrong id or secret, address not on the whitelist, a right that the account lacks: a person must mend it."""


class RecipientError(ApiError):
    """This person cannot be reached this way: unfollowed, window closed, refused."""


class PayloadError(ApiError):
    """What was sent is wrong in itself; sending it again will not help."""


_RID = re.compile(r"rid:\s*([0-9A-Za-z-]+)")

# Numbers and meanings: the platform's 全局返回码 page, cross-read with WxJava's WxMpErrorMsgEnum.
_CLASSES: tuple[tuple[type[ApiError], tuple[int, ...]], ...] = (
    (TokenError, (40001, 40014, 41001, 42001)),
    (TransientError, (-1, 45011, 61450)),
    (QuotaError, (45009, 48006)),
    (
        ConfigurationError,
        (40002, 40013, 40125, 40164, 40243, 41002, 41004, 48001, 48004, 48008, 50002, 50004, 50007, 61007),
    ),
    (RecipientError, (40003, 43004, 43019, 43101, 45015, 45047, 48002, 50005)),
    (PayloadError, (40007, 40033, 40037, 44002, 44004, 45001, 45002, 45008, 47001, 47003)),
)
_CLASS_OF: dict[int, type[ApiError]] = {code: kind for kind, codes in _CLASSES for code in codes}

_MEANINGS: dict[int, str] = {
    -1: "微信系统繁忙",
    40001: "access_token 无效",
    40003: "openid 不属于本公众号",
    40013: "AppID 不正确",
    40014: "access_token 不合法",
    40033: "请求里含有不支持的字符",
    40037: "模板编号无效",
    40125: "AppSecret 不正确",
    40164: "服务器 IP 不在公众平台的白名单里",
    40243: "AppSecret 已被冻结",
    42001: "access_token 已过期",
    43004: "对方没有关注公众号",
    43019: "对方已被移入黑名单",
    43101: "对方拒收或没有订阅",
    44002: "请求内容为空",
    44004: "文本内容为空",
    45001: "多媒体文件过大",
    45002: "文本内容过长",
    45008: "图文条数过多",
    45009: "今天的接口调用次数已用完",
    45011: "每分钟调用过于频繁",
    45015: "对方超过 48 小时没有互动",
    45047: "客服消息条数已达上限",
    47001: "请求格式不正确",
    47003: "模板字段内容不符合要求",
    48001: "公众号没有这个接口的权限",
    48002: "对方拒收公众号消息",
    48004: "接口已被封禁",
    48008: "没有该类型消息的发送权限",
    50002: "公众号受到限制",
    50005: "对方没有关注公众号",
    61007: "公众号没有把这个接口授权给调用者",
    61450: "微信系统错误",
}


def classify(errcode: int, errmsg: str) -> ApiError:
    """The typed error of an errcode.

    A number that the table lacks becomes a PayloadError: it is not tried again but shown to an admin, who sees
    something new once instead of the platform seeing the same mistake for ever.
    """
    return _CLASS_OF.get(errcode, PayloadError)(errcode, errmsg)


def explain(error: ApiError) -> str:
    """The error as one Chinese line for an admin: meaning, number, the platform's request id."""
    meaning = _MEANINGS.get(error.errcode) or error.errmsg or "微信接口返回错误"
    number = f"（错误码 {error.errcode}）" if error.errcode else ""
    rid = f" rid {error.rid}" if error.rid else ""
    return f"{meaning}{number}{rid}"
