"""The simulated platform: phones, pushes, the platform's API and its clock, for demonstrations, development and tests.

It plays the other side of the wire. So it signs, encrypts and checks with code of its own and shares none
with ``bot.wechat``: what one of the two gets wrong, the other one notices.
"""
