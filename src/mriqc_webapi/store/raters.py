"""Raters whose name was an e-mail address: the archive knows them by a pseudonym."""

from dataclasses import replace

from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.ratings.pseudonyms import pseudonym
from mriqc_webapi.submissions.submission import Submission


def with_pseudonym(submission: Submission, *, resource: Resource, salt: str) -> Submission:
    """Put a pseudonym in a rating whose ``name`` held an address; anything else stays as it is.

    Parameters
    ----------
    salt : str
        The store's own secret, so that a rater has one pseudonym within a store, and nobody finds
        out by trying whose it is.
    """
    if resource.kind != 'rating' or not submission.private:
        return submission
    name = submission.private.get('name')
    if not isinstance(name, str) or 'rater' in submission.document:
        return submission
    document = submission.document | {'rater': pseudonym(name, salt=salt)}
    return replace(submission, document=document)
