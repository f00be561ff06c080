"""A session's page is written soon at first, and seldom when the session is long."""

import pytest

from flows.session_page import pause_s


@pytest.mark.parametrize("elapsed_s,pause", [(0, 2), (60, 2), (600, 10), (1_800, 30), (86_400, 30)])
def test_a_long_session_is_shown_less_often(elapsed_s: float, pause: float):
    assert pause_s(elapsed_s) == pause
