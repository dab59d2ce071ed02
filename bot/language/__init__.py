"""What a message means: folding, words, slots, times, emergencies, intent. Pure; no I/O but its own data files."""

from bot.language.language import Language

__all__ = ["Language"]
