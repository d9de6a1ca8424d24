"""The frame that questions for records are answered with."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa

from mriqc_webapi.client.packages import require


class RecordFrame(pd.DataFrame):
    """Records as a pandas DataFrame, which can be had as an Arrow or Polars table as well.

    Columns bear the wire's names. A missing number is NaN, or ``pd.NA`` where whole numbers or
    truth values stand. Dates are in UTC. ``attrs`` tells resource, view, filter, number of records
    and data version.
    """

    @property
    def _constructor(self) -> type[RecordFrame]:
        return RecordFrame

    def to_arrow(self) -> pa.Table:
        """Give the table as it is now to Arrow: what is missing is null, the index is left."""
        table = pa.Table.from_pandas(pd.DataFrame(self), preserve_index=False)
        return table.replace_schema_metadata()

    def to_polars(self) -> Any:
        """Give the table as it is now to Polars, which must be installed."""
        return require('polars').from_arrow(self.to_arrow())


def frame_of(table: pa.Table) -> RecordFrame:
    """Make a frame of a small Arrow table."""
    mapper = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get
    return RecordFrame(table.to_pandas(types_mapper=mapper))
