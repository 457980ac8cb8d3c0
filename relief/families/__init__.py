"""Families: registering them one by one and by file, amending them with history, and finding them again."""
