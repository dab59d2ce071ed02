"""Which entries of the supply-demand list serve a need: index, ranking, reasons. Pure; no web, no database."""

from bot.matching.catalogue import CatalogueError, read_catalogue
from bot.matching.index import Index
from bot.matching.likeness import Bag, bag, likeness

__all__ = ["Bag", "CatalogueError", "Index", "bag", "likeness", "read_catalogue"]
