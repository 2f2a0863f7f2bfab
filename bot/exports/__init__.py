"""Exports: everything counted, as Parquet in a documented layout for BI tools (docs/parquet.md)."""

from bot.exports.export import Export, NoDays, Written
from bot.exports.folder import Folder, FolderTaken
from bot.exports.shapes import LAYOUT, SHAPES, Shape

__all__ = ["LAYOUT", "SHAPES", "Export", "Folder", "FolderTaken", "NoDays", "Shape", "Written"]
