"""A zip archive that is sent while it is written."""

import io
import zipfile

import pytest

from relief.files.outlet import Outlet


def test_an_archive_sent_in_pieces_is_whole():
    outlet = Outlet()
    pieces = []
    with zipfile.ZipFile(outlet.target, "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.bin", bytes([number]) * 1000)
            pieces.append(outlet.take())
    pieces.append(outlet.take())
    assert all(len(piece) < 1100 for piece in pieces)
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert [len(archive.read(name)) for name in archive.namelist()] == [1000] * 3
        # Readers that read as it comes need the sizes in front of the content.
        assert [entry.flag_bits & 0x08 for entry in archive.infolist()] == [0] * 3


def test_what_was_sent_cannot_be_written_again():
    outlet = Outlet()
    outlet.write(b"first")
    assert outlet.take() == b"first"
    with pytest.raises(OSError, match="sent already"):
        outlet.seek(2)
    assert outlet.seek(0, io.SEEK_END) == 5
    outlet.write(b"second")
    assert (outlet.tell(), outlet.take()) == (11, b"second")
