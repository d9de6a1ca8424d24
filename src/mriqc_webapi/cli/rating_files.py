"""What the commands about rating sessions share: the file of ratings, the token, the name."""

import getpass
import os
from pathlib import Path

from mriqc_webapi.cli.registry import Argument, existing_path
from mriqc_webapi.errors import NotFoundError, QueryError, SetupError
from mriqc_webapi.settings import PREFIX

RATINGS_FILE = Path('.mriqc-webapi', 'ratings.sqlite')  # within the folder
TOKEN_VARIABLE = f'{PREFIX}TOKEN'
MAX_NAME_CHARS = 100

FOLDER = Argument(
    'derivatives', metavar='DERIVATIVES', type=existing_path, help='folder of the reports'
)
RATINGS = Argument(
    '--ratings',
    type=Path,
    metavar='FILE',
    help=f'SQLite file of the ratings (default: {RATINGS_FILE} in DERIVATIVES)',
)
TOKEN = Argument('--token', metavar='TEXT', help=f'token with the scope rate ({TOKEN_VARIABLE})')


def ratings_file(folder: Path, given: Path | None) -> Path:
    """Decide where the ratings are; not through links that lead elsewhere."""
    if given is not None:
        return given
    path = folder / RATINGS_FILE
    if path.parent.is_symlink() or path.is_symlink():
        raise SetupError(f'{path} is a link to elsewhere; name the file itself by --ratings')
    return path


def existing_ratings(folder: Path, given: Path | None) -> Path:
    """Find a file of ratings that is there."""
    path = ratings_file(folder.resolve(), given)
    if not path.exists():
        raise NotFoundError(f'there is no {path}: nobody has rated {folder} yet')
    return path


def rater_name(rater: str | None, *, is_sent: bool) -> str:
    """Decide who rates; a name that is published must be chosen."""
    if rater is None and is_sent:
        raise QueryError('say who rates: --rater NAME; it is published with each rating')
    name = ' '.join((getpass.getuser() if rater is None else rater).split())
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise QueryError(f'the name of a rater has 1 to {MAX_NAME_CHARS} characters')
    if '@' in name:
        raise QueryError('no addresses as names of raters, please: they would be published')
    return name


def token_text(token: str | None, *, url: str | None) -> str:
    """Take the token from the command line or the environment."""
    text = token or os.environ.get(TOKEN_VARIABLE, '')
    if url is not None and not text:
        raise QueryError(f'{url} takes ratings with a token: --token, or {TOKEN_VARIABLE}')
    if not text.isascii() or not text.isprintable():
        raise QueryError('the token has characters that no token has')
    return text
