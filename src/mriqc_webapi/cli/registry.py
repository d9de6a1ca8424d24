"""What a command is, the one table of commands, and the parser made from it."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_type_hints

from mriqc_webapi.settings import PREFIX, Settings

HELP_COLUMNS = 88


class ExitCode(IntEnum):
    """What the exit code of every command means."""

    OK = 0  # done
    FAILED = 1  # some lines were refused, or the one thing asked for could not be done
    USAGE = 2  # the command line, or a filter in it, cannot be understood
    SETUP = 3  # the store cannot be reached, is outdated, or the settings are wrong
    LATER = 4  # not all now: the rest is kept and can be sent later
    INTERRUPTED = 130  # stopped from the keyboard


class Argument:
    """One argument of a command, with argparse's own words."""

    def __init__(self, *names: str, **words: Any) -> None:
        self.names = names
        self.words = words


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command; what it says about itself is its help."""

    name: str  # one word, or two: 'token create'
    run: Callable[..., ExitCode]
    arguments: tuple[Argument, ...]
    example: str

    @property
    def summary(self) -> str:
        """The first paragraph of the docstring."""
        return ' '.join((self.run.__doc__ or '').partition('\n\n')[0].split())

    @property
    def details(self) -> str:
        """The docstring beyond its first paragraph."""
        rest = (self.run.__doc__ or '').partition('\n\n')[2]
        return '\n'.join(line.strip() for line in rest.strip().splitlines())


COMMANDS: dict[str, Command] = {}
GROUPS = {
    'admin': 'look after records, submitters and public images; each act is logged',
    'db': 'bring the database up to date, or look at it',
    'release': 'make frozen, numbered copies of the whole archive, check and compare them',
    'policy': 'when records of one image count as one',
    'ratings': "export, compare and send what rating sessions left; fetch an archive's",
    'relay': 'take records in and pass them on to another archive',
    'receipts': 'look after the records that a dataset has sent',
    'report': 'put the rating widget into HTML reports',
    'token': 'make, list and revoke write tokens',
}


def command(
    name: str, *arguments: Argument, example: str
) -> Callable[[Callable[..., ExitCode]], Callable[..., ExitCode]]:
    """Register a function as a command; each argument becomes a keyword of it."""

    def register(function: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
        if name in COMMANDS:
            raise ValueError(f'two commands are called {name!r}')
        COMMANDS[name] = Command(name=name, run=function, arguments=arguments, example=example)
        return function

    return register


def setting(name: str) -> Argument:
    """Make an option of a setting; not given, the environment or the default holds."""
    (item,) = (f for f in fields(Settings) if f.name == name)
    kind = get_type_hints(Settings)[name]
    words: dict[str, Any] = {'help': f'{item.metadata["help"]} ({PREFIX}{name.upper()})'}
    if kind is bool:
        words['action'] = argparse.BooleanOptionalAction
    else:
        words['type'] = kind if kind in {int, float, str} else Path
        words['metavar'] = _METAVARS.get(name, name.upper())
    return Argument(f'--{name.replace("_", "-")}', default=None, **words)


_METAVARS = {'data_dir': 'FOLDER', 'catalogue_dir': 'FOLDER', 'database': 'URL', 'workers': 'N'}

JSON = Argument('--json', action='store_true', dest='as_json', help='print JSON for programs')
RESOURCE = Argument(
    '--resource', metavar='NAME', help='where all lines belong (default: as files or lines say)'
)
STORE_SETTINGS = (setting('data_dir'), setting('database'))


def existing_path(text: str) -> Path:
    """Parse the path of something that is there."""
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f'there is no {text}')
    return path


def build_parser() -> argparse.ArgumentParser:
    """Make the parser of all registered commands."""
    parser = argparse.ArgumentParser(
        prog='mriqc-webapi',
        description='Collects, keeps and serves image quality metrics and ratings of MR images.',
        epilog=f'Every setting is also an environment variable, {PREFIX}NAME.\n'
        'Exit codes: 0 done, 1 something was refused or failed, 2 usage, 3 store or settings,\n'
        '4 some is left for later.',
        formatter_class=_formatter,
    )
    parser.add_argument('--version', action='version', version=version('mriqc-webapi'))
    top = parser.add_subparsers(metavar='COMMAND', required=True)
    groups: dict[str, Any] = {}
    own: dict[str, argparse.ArgumentParser] = {}  # of commands that may be groups, too
    for known in sorted(COMMANDS.values(), key=lambda c: c.name):
        group, _, last = known.name.rpartition(' ')
        if group and group not in groups:
            about = GROUPS[group]
            inner = own.get(group) or top.add_parser(
                group, help=about, description=_sentence(about), formatter_class=_formatter
            )
            groups[group] = inner.add_subparsers(metavar='COMMAND', required=group not in own)
        added = _add(groups.get(group, top), last, known)
        if not group:
            own[known.name] = added
    return parser


def _add(parsers: Any, name: str, known: Command) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parsers.add_parser(
        name,
        help=known.summary[:1].lower() + known.summary[1:].rstrip('.'),
        description=f'{known.summary}\n\n{known.details}'.strip(),
        epilog=f'example:\n  {known.example}',
        formatter_class=_formatter,
    )
    taken = [parser.add_argument(*one.names, **one.words).dest for one in known.arguments]
    parser.set_defaults(command=known, taken=taken)
    return parser


def run(options: argparse.Namespace) -> ExitCode:
    """Call the command with what was parsed for it."""
    known: Command = options.command
    return known.run(**{name: getattr(options, name) for name in options.taken})


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, width=HELP_COLUMNS, max_help_position=30)


def _sentence(words: str) -> str:
    return f'{words[:1].upper()}{words[1:]}.'
