"""The files of the session's pages: templates, scripts and styles."""

from pathlib import Path

STATIC = Path(__file__).parent / 'static'
TEMPLATES = Path(__file__).parent / 'templates'
SCROLLER = STATIC / 'scroller.js'  # served with reports, not with the session
