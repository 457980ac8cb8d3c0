"""A file that is sent while it is being written, so that no size of it fills memory or disk."""

from __future__ import annotations

import io
from typing import BinaryIO, cast


class Outlet(io.RawIOBase):
    """Takes what a writer writes and gives it out in pieces; the writer may go back, but not behind the last piece taken.

    A zip archive is written so: the header of an entry is filled in once its content is there, and then never again.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sent = 0
        self._kept = io.BytesIO()

    @property
    def target(self) -> BinaryIO:
        """The outlet as writers of files want it."""
        return cast(BinaryIO, self)

    def take(self) -> bytes:
        """Return all that was written since the last piece."""
        piece = self._kept.getvalue()
        self._sent += len(piece)
        self._kept = io.BytesIO()
        return piece

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def seekable(self) -> bool:
        """Return that a writer may go back."""
        return True

    def write(self, data: object) -> int:
        """Take bytes at the place in hand."""
        return self._kept.write(cast(bytes, data))

    def tell(self) -> int:
        """Return the place in the whole file."""
        return self._sent + self._kept.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place of the whole file. Raises: OSError for one that was sent already."""
        start = {io.SEEK_SET: -self._sent, io.SEEK_CUR: self._kept.tell(), io.SEEK_END: self._kept.getbuffer().nbytes}
        place = start[whence] + offset
        if place < 0:
            message = "this part of the file was sent already"
            raise OSError(message)
        return self._sent + self._kept.seek(place)
