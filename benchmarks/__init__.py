"""Measures the service on this machine: `benchmarks/run`; docs/benchmarks.md says what and how."""
