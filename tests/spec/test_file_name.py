"""Names under which clients save files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.file_name import content_disposition, renamed


@given(st.text(), st.text(), st.integers(0, 10**12), st.booleans())
def test_another_name_keeps_the_size_that_was_told(old, new, size, is_inline):
    field = f"{content_disposition(old, is_inline=not is_inline)}; size={size}"

    assert renamed(field, new, is_inline=is_inline) == f"{content_disposition(new, is_inline=is_inline)}; size={size}"


@pytest.mark.parametrize("field", ["attachment", 'attachment; filename="a"', 'attachment; filename="a; size=x"', ""])
def test_a_size_that_was_not_told_is_not_made_up(field):
    assert renamed(field, "b", is_inline=False) == 'attachment; filename="b"'
