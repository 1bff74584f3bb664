"""The CSV file of `make promote`: what a spreadsheet writes is read, and each error names its line."""

from pathlib import Path

import pytest

from local import StackError
from local.changes_file import ChangeRow, read_changes


def _file(folder: Path, content: str | bytes) -> Path:
    path = folder / "changes.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        "email,new_role,until,reason\nana@example.com,admin,2030-01-01T00:00:00Z,holidays\nben@example.com,user,,\n",
        "\ufeffemail,new_role,until,reason\r\nana@example.com,admin,2030-01-01T00:00:00Z,holidays\r\nben@example.com,user,,\r\n",
        "Email;New_role;Until;Reason\nana@example.com;admin;2030-01-01T00:00:00Z;holidays\nben@example.com;user;;\n",
        'reason,until,new_role,email\n"holidays",2030-01-01T00:00:00Z, admin , ana@example.com\n,,user,ben@example.com',
    ],
)
def test_what_a_spreadsheet_writes_is_read(tmp_path: Path, content: str) -> None:
    assert read_changes(_file(tmp_path, content)) == [
        ChangeRow(2, "ana@example.com", "admin", "2030-01-01T00:00:00Z", "holidays"),
        ChangeRow(3, "ben@example.com", "user"),
    ]


def test_until_and_reason_may_be_left_out_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    rows = read_changes(_file(tmp_path, "email,new_role\n\nana@example.com,admin\n,\n"))
    assert rows == [ChangeRow(3, "ana@example.com", "admin")]
    assert rows[0].to_json() == {"email": "ana@example.com", "new_role": "admin"}


def test_a_reason_of_several_lines_is_one_row_with_the_line_on_which_it_ends(tmp_path: Path) -> None:
    content = 'email,new_role,reason\nana@example.com,admin,"two\nlines, and ""more"""\nben@example.com,user,\n'
    assert [(row.line, row.reason) for row in read_changes(_file(tmp_path, content))] == [
        (3, 'two\nlines, and "more"'),
        (4, ""),
    ]


_BAD_ROLE = "new_role must be one of admin, manager, user, not"

ERRORS: dict[str, list[str]] = {
    "": ["line 1: the column email is missing", "line 1: the column new_role is missing"],
    "email,role\n": ["line 1: the column new_role is missing", "line 1: role is not a known column"],
    "email,new_role,,email\n": [
        "line 1: a column without a name is not a known column",
        "line 1: the column email is there twice",
    ],
    "email,new_role\nana@example.com\n": ["line 2: has 1 columns, not 2"],
    "email,new_role\n,user\n": ["line 2: email is missing"],
    "email,new_role\nana,user\n": ["line 2: email must"],
    "email,new_role\nana@example.com,boss\nben@example.com,\n": [
        f"line 2: {_BAD_ROLE} boss",
        f"line 3: {_BAD_ROLE} empty",
    ],
    "email,new_role,until\nana@example.com,user,tomorrow\n": [
        "line 2: until must be a time such as 2026-06-15T12:00:00Z, not tomorrow"
    ],
    f"email,new_role,reason\nana@example.com,user,{'x' * 501}\n": ["line 2: reason must have at most 500 characters"],
    "email,new_role\nana@example.com,user\nben@example.com,user\nANA@example.com,admin\n": [
        "line 4: ANA@example.com is on line 2 already"
    ],
    'email,new_role\n"ana@example.com,user\n': ["is not CSV"],
}


@pytest.mark.parametrize(("content", "errors"), ERRORS.items())
def test_each_error_names_its_line(tmp_path: Path, content: str, errors: list[str]) -> None:
    with pytest.raises(StackError) as raised:
        read_changes(_file(tmp_path, content))
    first, *shown = str(raised.value).splitlines()
    assert first.endswith("changes.csv has errors, so nothing was changed:")
    assert len(shown) == len(errors)
    for error, line in zip(errors, shown, strict=True):
        assert error in line


def test_many_errors_are_counted(tmp_path: Path) -> None:
    with pytest.raises(StackError) as raised:
        read_changes(
            _file(tmp_path, "email,new_role\n" + "".join(f"u{number}@example.com,x\n" for number in range(25)))
        )
    assert str(raised.value).splitlines()[-1] == "  and 5 more"
    assert len(str(raised.value).splitlines()) == 22


def test_a_file_that_is_not_there_not_utf_8_or_empty_is_said_so(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "nowhere.csv", "cannot be read"),
        (_file(tmp_path, "email,new_role\nm\xfcller@example.com,user\n".encode("latin-1")), "is not UTF-8"),
    ):
        with pytest.raises(StackError, match=message):
            read_changes(path)
    with pytest.raises(StackError, match="has no rows"):
        read_changes(_file(tmp_path, "email,new_role\n"))
