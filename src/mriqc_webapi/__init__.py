"""Collects, keeps and serves image quality metrics (IQMs) and ratings of MR images."""
