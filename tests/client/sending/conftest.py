"""Derivatives to send, and a home of the test's own."""

from tests.derivatives import derivatives, make, put, state, stored

__all__ = ['derivatives', 'make', 'put', 'state', 'stored']
