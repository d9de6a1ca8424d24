"""The reference pages of the documentation, made from the commands and settings themselves.

``python -m mriqc_webapi.cli.reference docs`` writes them anew.
"""

import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from mriqc_webapi.cli import load_commands
from mriqc_webapi.cli.registry import COMMANDS, Command, ExitCode
from mriqc_webapi.cli.sending import TOKEN_VARIABLE, URL_VARIABLE
from mriqc_webapi.client.sending.dataset import NO_SUB_VARIABLE
from mriqc_webapi.settings import PREFIX, Limits, Settings

_EXIT_CODES = {
    ExitCode.OK: 'done',
    ExitCode.FAILED: 'some lines were refused, or the one thing asked for could not be done',
    ExitCode.USAGE: 'the command line, or a filter in it, cannot be understood',
    ExitCode.SETUP: 'the store cannot be reached or is outdated, or a setting is wrong',
    ExitCode.LATER: 'not all could be sent now: the rest is kept, and sent by a later run',
    ExitCode.INTERRUPTED: 'stopped from the keyboard',
}


def command_page() -> str:
    """Write the page of all commands, in Markdown."""
    load_commands()
    parts = [
        '# Commands',
        'Made from `mriqc-webapi COMMAND --help` by `python -m mriqc_webapi.cli.reference docs`.',
        *(_section(command) for _, command in sorted(COMMANDS.items())),
        '## Exit codes',
        _table(('code', 'meaning'), ((str(int(c)), words) for c, words in _EXIT_CODES.items())),
    ]
    return '\n\n'.join(parts) + '\n'


def _section(command: Command) -> str:
    rows = []
    for argument in command.arguments:
        words = argument.words
        takes_value = words.get('action') is None and argument.names[0].startswith('-')
        name = words.get('metavar') if argument.names[0][0] != '-' else argument.names[0]
        shown = f'{name} {words["metavar"]}' if takes_value and 'metavar' in words else str(name)
        rows.append((f'`{shown}`', words['help']))
    parts = [
        f'## {command.name}',
        command.summary,
        command.details,
        f'```sh\n{command.example}\n```',
        _table(('argument', 'meaning'), rows),
    ]
    return '\n\n'.join(part for part in parts if part)


_CONFIGURATION = f"""\
# Configuration

Everything an operator can set is read once, at the start: from the command line where
[the command](cli.md) has that option, else from the environment, else the default holds.
`{PREFIX}DEMO=1` is `serve --demo`. Made from `settings.py` by
`python -m mriqc_webapi.cli.reference docs`.

## The service

{{settings}}

## Who sends and reads

Commands that ask a service, such as [submit](cli.md#submit), read these where the option is not
given; the service itself does not.

{{clients}}

## Limits of one request

Beyond a limit the answer is a 4xx that names it, and nothing of the request is stored.

{{limits}}
"""


_CLIENTS = (
    (f'`{URL_VARIABLE}`', 'address of the service, as `--url`'),
    (f'`{TOKEN_VARIABLE}`', 'token for it, as `--token`; the service shows it once'),
    (f'`{NO_SUB_VARIABLE}`', 'nothing is sent while this is set, but to 0, no, false or off'),
)


def setting_page() -> str:
    """Write the page of all settings, in Markdown."""
    head = ('environment', 'default', 'meaning')
    return _CONFIGURATION.format(
        settings=_table(head, _settings(Settings)),
        clients=_table(('environment', 'meaning'), _CLIENTS),
        limits=_table(head, _settings(Limits)),
    )


def _settings(cls: type) -> Iterator[tuple[str, str, str]]:
    for item in fields(cls):
        if item.name != 'limits':
            default = _default(item)
            yield f'`{PREFIX}{item.name.upper()}`', default, item.metadata['help']


def _default(item: 'Field[Any]') -> str:
    value = '' if item.default in {None, MISSING} else str(item.default)
    return f'`{value}`' if value else ''


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, ('---',) * len(head), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


PAGES = {'cli.md': command_page, 'configuration.md': setting_page}


def main() -> None:
    """Write the pages into the folder that the command line names."""
    for name, page in PAGES.items():
        Path(sys.argv[1], name).write_text(page())


if __name__ == '__main__':
    main()
