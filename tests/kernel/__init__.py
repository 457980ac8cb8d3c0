"""The values that every other part speaks in."""
