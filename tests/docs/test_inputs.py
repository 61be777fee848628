"""docs/inputs.md names only tests that there are."""

import re


def test_every_test_that_is_named_is_there(repository):
    text = (repository / 'docs' / 'inputs.md').read_text()
    sources = ''.join(path.read_text() for path in (repository / 'tests').rglob('test_*.py'))
    named = re.findall(r'`(test_\w+)`', text)
    assert len(named) > 40
    assert [name for name in named if f'def {name}(' not in sources] == []


def test_every_row_says_what_tests_it(repository):
    text = (repository / 'docs' / 'inputs.md').read_text().partition('## Not right yet')[0]
    rows = [
        line for line in text.splitlines() if line.startswith('| ') and not line.startswith(('| comes in', '| ---'))
    ]
    assert len(rows) > 40
    assert [row for row in rows if not re.search(r'`test|tests/|hand', row.rsplit('|', 2)[1])] == []
