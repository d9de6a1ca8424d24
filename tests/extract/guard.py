"""A guard over the network of other Python processes: it notes and refuses what they ask for."""

from pathlib import Path

_SCRIPT = """
import os, socket

IS_OPEN = os.environ['NETWORK_OPEN'].split()

def check(address):
    if not (isinstance(address, tuple) and address[0] in IS_OPEN):
        with open(os.environ['NETWORK_LOG'], 'a') as log:
            print(address, file=log)
        raise PermissionError('there is no network here')

class Guarded(socket.socket):
    def connect(self, address):
        if self.family != socket.AF_UNIX:
            check(address)
        return super().connect(address)

def look_up(host, *rest, _real=socket.getaddrinfo, **options):
    check((host,))
    return _real(host, *rest, **options)

socket.socket, socket.getaddrinfo = Guarded, look_up
"""


def guarded(folder: Path, log: Path, *, is_open: str = '') -> dict[str, str]:
    """Give the environment in which Python reaches only hosts that are open, and logs others."""
    place = folder / 'guard'
    place.mkdir()
    (place / 'sitecustomize.py').write_text(_SCRIPT)
    log.touch()
    return {'PYTHONPATH': str(place), 'NETWORK_LOG': str(log), 'NETWORK_OPEN': is_open}
