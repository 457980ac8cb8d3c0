"""One file a step: up from the version before it, and down again."""
