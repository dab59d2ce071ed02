"""Which entries of the supply-demand list serve a need: index, ranking, reasons. Pure; no web, no database."""

from bot.matching.catalogue import CatalogueError, read_catalogue
from bot.matching.index import Index
from bot.matching.likeness import likeness

__all__ = ["CatalogueError", "Index", "likeness", "read_catalogue"]
