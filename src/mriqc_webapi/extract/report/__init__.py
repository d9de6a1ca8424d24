"""The individual report: slices, carpet, IQMs and their meaning, provenance, the rating widget."""

from mriqc_webapi.extract.report.writing import write_report

__all__ = ['write_report']
