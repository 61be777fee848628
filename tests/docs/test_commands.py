"""README and docs name only files, links and commands that exist."""

import re
import shlex
from dataclasses import fields

import pytest

from pipeline.cli import batch, demo, refine, serve
from pipeline.errors import InputError
from pipeline.options import ChainOptions, flag_of

# folders that a command makes
MADE = {'demo/output/'}
PARSERS = {
    'smooth-poses': demo.parse_arguments,
    'tools/demo.py': demo.parse_arguments,
    'smooth-poses-batch': batch.parse_arguments,
    'tools/batch.py': batch.parse_arguments,
    'smooth-poses-refine': refine.parse_arguments,
    'tools/refine.py': refine.parse_arguments,
    'smooth-poses-serve': serve.parse_arguments,
    'tools/serve.py': serve.parse_arguments,
}


@pytest.fixture(scope='module')
def pages(repository):
    """Text of each page, by its path."""
    paths = [*repository.glob('*.md'), *repository.glob('docs/*.md'), *repository.glob('pipeline/weights/*.md')]
    return {path: path.read_text() for path in paths}


def commands(text):
    """Commands in code blocks and in backquotes, each as its words; those with ``…`` or ``...`` are passed over."""
    blocks = re.findall(r'```\n(.*?)```', text, re.DOTALL) + re.findall(r'(?:^    .*\n)+', text, re.MULTILINE)
    lines = [line for block in blocks for line in block.replace('\\\n', ' ').splitlines()]
    for line in [*lines, *re.findall(r'(?<!`)`([^`\n]+)`(?!`)', text)]:
        line = re.sub(r'\s#.*', '', line).strip().removeprefix('python ')
        if re.match(r'(smooth-poses(-batch|-assets|-refine|-serve)?|tools/[\w/]+\.py)(\s|$)', line) and not re.search(
            r'…|\.\.\.|\[--', line
        ):
            yield shlex.split(line.split('&&')[0])


def test_links_and_paths_lead_to_files(pages, repository):
    wrong = []
    for page, text in pages.items():
        links = [page.parent / link for link in re.findall(r'\]\(([^)#:]+)(?:#[^)]*)?\)', text)]
        named = re.findall(r'(?<![\w/.-])(?:pipeline|tools|tests|configs|demo|docs)/[\w./-]+\b/?', text)
        for path in [*links, *(repository / name for name in named if name not in MADE)]:
            if not path.exists():
                wrong.append(f'{page.name}: {path}')
    assert wrong == []


def test_every_command_is_one_that_its_parser_takes(pages, repository):
    wrong, checked = [], set()
    for page, text in pages.items():
        for name, *arguments in commands(text):
            checked.add(name)
            if '--config' in arguments:  # a file that the reader has
                at = arguments.index('--config')
                arguments = arguments[:at] + arguments[at + 2 :]
            if name in PARSERS and arguments:
                try:
                    PARSERS[name](arguments)
                except InputError as error:
                    wrong.append(f'{page.name}: {name} {" ".join(arguments)}: {error}')
            elif name.startswith('tools/'):
                tool = repository / name
                source = tool.read_text() if tool.is_file() else ''
                if not source:
                    wrong.append(f'{page.name}: {name} is not there')
                taken = set(re.findall(r"'(--[\w-]+)'", source))
                if 'add_chain_options' in source:
                    taken |= {flag_of(entry) for entry in fields(ChainOptions)}
                flags = {word.split('=')[0] for word in arguments if word.startswith('--')}
                wrong += [f'{page.name}: {name} {flag}' for flag in sorted(flags - taken)]
    assert wrong == []
    assert {
        'smooth-poses',
        'smooth-poses-batch',
        'smooth-poses-refine',
        'smooth-poses-serve',
        'tools/train.py',
        'tools/convert_checkpoint.py',
    } <= checked
