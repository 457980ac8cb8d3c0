"""Marks texts for translation below the faces, where no language is known yet."""


def N_(message: str) -> str:  # noqa: N802 - the gettext convention for "translate later"
    """Return the message unchanged; the extractor collects it and a face translates it when it is shown."""
    return message
