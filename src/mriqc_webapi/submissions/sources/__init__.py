"""Files that hold submissions, read as a stream of lines: what each says, or why it cannot."""

from mriqc_webapi.submissions.sources.naming import find_sources, resource_in_name
from mriqc_webapi.submissions.sources.reading import LineParser, SourceLine, read_source
from mriqc_webapi.submissions.sources.splitting import RawLine, SourceFile, SourceReader

__all__ = [
    'LineParser',
    'RawLine',
    'SourceFile',
    'SourceLine',
    'SourceReader',
    'find_sources',
    'read_source',
    'resource_in_name',
]
