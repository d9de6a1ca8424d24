"""A stable name for a rater who must not be named."""

import hmac
import re
import unicodedata
from typing import Final

from mriqc_webapi.submissions.privacy import holds_address

N_HEX: Final = 12  # 48 bits: among 10,000 raters, two share one in 1 of 5 million archives

_TOKENS: Final = re.compile(r'[^\s<>()\[\],;:"\']+')


def pseudonym(name: str, *, salt: bytes | str) -> str:
    """Replace a rater's name or address by a stable pseudonym, such as ``rater-7f3a9c01d2e4``.

    Case, outer blanks and the way of writing letters with accents do not matter. Of a text that
    holds an e-mail address, only the address counts. Without the salt nobody can tell whose
    pseudonym it is by trying names; the same salt must be kept as long as the archive.

    Returns
    -------
    str
        The pseudonym; the empty text for a blank name, since nobody is named.
    """
    text = unicodedata.normalize('NFKC', name)
    address = next((t for t in _TOKENS.findall(text) if holds_address(t)), text)
    known_as = ' '.join(address.casefold().split())
    if not known_as:
        return ''
    key = salt.encode() if isinstance(salt, str) else salt
    return f'rater-{hmac.digest(key, known_as.encode(), "sha256").hex()[:N_HEX]}'
