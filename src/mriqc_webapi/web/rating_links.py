"""Linking a rating to its image on an operator's word; done and noted in one transaction."""

import time
from dataclasses import dataclass

from sqlalchemy import Connection

from mriqc_webapi.iqm.definitions import Resource
from mriqc_webapi.store import audit, numbers
from mriqc_webapi.store.insert import insert_batch
from mriqc_webapi.store.raters import with_pseudonym
from mriqc_webapi.store.receipts import Secrets
from mriqc_webapi.store.record import make_record
from mriqc_webapi.submissions.check import Checker
from mriqc_webapi.web.rating_intake import Taken, chain_of, correction_of, rating_of

ACT = 'link'


@dataclass(frozen=True, slots=True, kw_only=True)
class Linker:
    """Links ratings of one store."""

    resource: Resource  # of ratings
    check: Checker  # of that resource
    secrets: Secrets  # of the store

    def link(self, tx: Connection, *, record_id: str, md5sum: str, who: str, why: str) -> Taken:
        """Say which image a rating is about: a correction of it, and an entry of the audit log.

        A rating that is linked to that image already stays as it is, and nothing is noted.

        Raises
        ------
        NotFoundError
            There is no such rating.
        LinkedRatingError
            The rating is about another image already.
        InvalidDocumentError
            This is no image's hash.
        SetupError
            Nobody said who, or why.
        """
        numbers.lock(tx)  # first: no other correction comes in between
        chain = chain_of(tx, record_id)
        first_id = chain[0].id
        after = correction_of(self.check, chain, {'md5sum': md5sum})
        if after is None:
            return Taken(rating=rating_of(chain[-1]), first_id=first_id, is_new=False)
        named = with_pseudonym(after, resource=self.resource, salt=self.secrets.pseudonym)
        insert_batch(tx, [make_record(named, resource=self.resource, now=int(time.time()))])
        audit.note(tx, who=who, act=ACT, what=f'{record_id} to {md5sum}', why=why)
        linked = rating_of(chain_of(tx, record_id)[-1])
        return Taken(rating=linked, first_id=first_id, is_new=True, notes=after.notes)
