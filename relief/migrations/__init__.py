"""Numbered migrations of the database; each is tested up from empty and down again on both databases."""
