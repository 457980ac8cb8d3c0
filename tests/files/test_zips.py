"""Zips from outside."""

import zipfile

import pytest

from relief.files.zips import GuardedZip
from relief.kernel.errors import InvalidInput


def zipped(tmp_path, members):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return path


def code_of(path, **limits):
    with pytest.raises(InvalidInput) as caught:
        GuardedZip(path, **limits).check_contents()
    return caught.value.code


def test_members_come_out_whole(tmp_path):
    content = bytes(range(256)) * 10_000
    opened = GuardedZip(zipped(tmp_path, {"a/b.bin": content, "empty": b""}))
    assert opened.names == ("a/b.bin", "empty")
    assert b"".join(opened.chunks("a/b.bin")) == content
    assert opened.size_of("a/b.bin") == len(content)
    opened.extract(tmp_path / "out")
    assert (tmp_path / "out/a/b.bin").read_bytes() == content
    assert (tmp_path / "out/empty").read_bytes() == b""


def test_a_bomb_is_refused_by_its_listing(tmp_path):
    assert code_of(zipped(tmp_path, {"zeros": b"\0" * 2_000_000}), most_bytes=1_000_000) == "zip.too_large"


def test_too_many_members_are_refused(tmp_path):
    assert code_of(zipped(tmp_path, {f"f{n}": b"" for n in range(2001)})) == "zip.too_many_members"


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../b", "C:/x", "..\\x"])
def test_paths_that_lead_out_are_refused(tmp_path, name):
    assert code_of(zipped(tmp_path, {name: b"x"})) == "zip.path_leads_out"


def test_members_that_share_bytes_are_refused(tmp_path):
    path = zipped(tmp_path, {"a": b"a" * 1000, "b": b"b" * 1000})
    content = bytearray(path.read_bytes())
    second = content.rfind(b"PK\x01\x02")
    content[second + 42 : second + 46] = bytes(4)  # Its data is said to lie where the first member lies.
    path.write_bytes(content)
    assert code_of(path) == "zip.damaged"


def test_a_password_is_named(tmp_path):
    path = zipped(tmp_path, {"a": b"a"})
    content = bytearray(path.read_bytes())
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert code_of(path) == "zip.password"


def test_other_packing_methods_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_LZMA) as opened:
        opened.writestr("a", b"a")
    assert code_of(tmp_path / "b.zip") == "zip.method"
