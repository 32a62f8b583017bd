"""Errors of input: one line with where, what and what is allowed, however long and odd what was given."""

import pytest

from flowsim.core.errors import InputError, Record, unknown_name


class Desk(Record):
    name: str
    servers: int = 1


@pytest.mark.parametrize(("letters", "shown"), [(58, "'" + "x" * 58 + "'"), (59, "'" + "x" * 56 + "...")])
def test_what_was_given_is_shown_in_at_most_sixty_letters(letters, shown):
    with pytest.raises(InputError) as refused:
        Desk(name="a", servers="x" * letters)
    assert str(refused.value).startswith(f"Desk 'a': servers: {shown} is not allowed: it should be a valid integer")


def test_a_number_that_python_does_not_write_out_is_said_in_words():
    with pytest.raises(InputError, match="a number of too many digits is not allowed"):
        Desk(name=10**5000)


def test_what_is_missing_or_mistyped_is_named_with_its_key():
    with pytest.raises(InputError, match="Desk: name: this key is missing"):
        Desk(servers=2)
    with pytest.raises(InputError, match="there is no key 'server'; did you mean 'servers'"):
        Desk(name="a", server=2)


def test_of_many_allowed_names_twelve_are_listed():
    names = [f"n{number:02}" for number in range(14)]
    assert unknown_name("state", "z", names).endswith("n10, n11 and 2 more)")
    assert unknown_name("state", "z", names[:12]).endswith("n10, n11)")
    assert unknown_name("state", "z", []) == "there is no state 'z' (allowed: none is declared)"
