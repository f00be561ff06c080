"""The password of a checkout's server: drawn once, whoever asks first, and read by its owner only."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from arbitrage_core.services.operating_system import WINDOWS
from arbitrage_core.services.secret import SECRET_NAME, secret_in


def test_many_that_ask_at_once_are_given_one(tmp_path: Path):
    for turn in range(20):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with ThreadPoolExecutor(8) as at_once:
            drawn = set(at_once.map(lambda _, folder=folder: secret_in(folder), range(8)))
        assert len(drawn) == 1
        assert [one.name for one in folder.iterdir()] == [SECRET_NAME]
        assert WINDOWS or (folder / SECRET_NAME).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("garbage", [b"", b"short\n", b"\xff" * 48, b"x y" * 20])
def test_a_file_that_holds_none_gets_another(tmp_path: Path, garbage: bytes):
    (tmp_path / SECRET_NAME).write_bytes(garbage)
    found = secret_in(tmp_path)
    assert len(found) == 48
    assert secret_in(tmp_path) == found
