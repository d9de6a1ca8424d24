"""Tables written to files, aside first, so that a half file never bears its name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from secrets import token_hex
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from mriqc_webapi.client.questions import TableFormat


def write_table(
    out: Path, rows: pa.RecordBatchReader | Iterable[bytes], format: TableFormat = 'ndjson'
) -> None:
    """Write batches in a table's format, or lines as they are."""
    aside = out.with_name(f'.{out.name}.{token_hex(4)}.part')
    try:
        if isinstance(rows, pa.RecordBatchReader):
            with _writer(aside, rows.schema, format) as writer:
                for batch in rows:
                    writer.write_batch(batch)
        else:
            with aside.open('wb') as file:
                file.writelines(rows)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)


def _writer(path: Path, schema: pa.Schema, format: TableFormat) -> Any:
    if format == 'parquet':
        return pyarrow.parquet.ParquetWriter(path, schema, compression='zstd')
    if format == 'arrow':
        return pyarrow.ipc.new_stream(path, schema)
    options = pyarrow.csv.WriteOptions(delimiter='\t' if format == 'tsv' else ',')
    return pyarrow.csv.CSVWriter(path, schema, write_options=options)
