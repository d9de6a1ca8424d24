"""Passing records on to another archive: policy, requests, and the thread that makes them."""
