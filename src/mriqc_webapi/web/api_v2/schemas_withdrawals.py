"""What the routes for holders of receipts take and answer."""

from typing import Literal

from pydantic import BaseModel, Field

from mriqc_webapi.web.api_v2.schemas import Problem

MAX_RECEIPTS = 1000  # looked up at once

_ID = Field(description='id of the record', examples=['65a4f1d2c3b4a5968778695a'])
_RECEIPT = Field(description='what the record was answered with', examples=[f'mrq_{"0" * 40}'])


class HeldReceipt(BaseModel):
    """A record, and the receipt that opens it."""

    id: str = _ID
    receipt: str = _RECEIPT


class HeldReceipts(BaseModel):
    """Records to look up."""

    items: list[HeldReceipt] = Field(max_length=MAX_RECEIPTS)


class NewContact(HeldReceipt):
    """Whom to ask about a record."""

    email: str | None = Field(description='never published; null removes it')


class RecordState(BaseModel):
    """What has become of a record."""

    id: str
    state: Literal['standing', 'held', 'withdrawn', 'unknown'] = Field(
        description='held: kept back by the operator; unknown: there is none, or the receipt is '
        'not its own; `problem` says which'
    )
    resource: str | None = None
    created_at: str | None = Field(None, description='UTC, ISO 8601')
    withdrawable: bool = Field(description='whether its holder may withdraw it now')
    withdrawable_until: str | None = Field(None, description='UTC, ISO 8601')
    withdrawn_at: str | None = Field(None, description='UTC, ISO 8601')
    rule: str | None = Field(None, description='under which it was withdrawn')
    problem: Problem | None = Field(None, description='why it cannot be withdrawn, or opened')


class RecordStates(BaseModel):
    """What has become of some records, in the order asked for."""

    items: list[RecordState]


class Withdrawal(RecordState):
    """A withdrawn record."""

    status: Literal['withdrawn', 'unchanged'] = Field(
        description='unchanged: it had been withdrawn before'
    )
