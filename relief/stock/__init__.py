"""Goods: items, the locations that hold them, and every movement between."""
