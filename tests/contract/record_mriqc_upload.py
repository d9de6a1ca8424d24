"""Records what the uploader of released MRIQC sends and what it makes of the answer.

Needs an environment of its own with MRIQC (its other needs are not touched)::

    pip install --no-deps mriqc==24.0.2
    pip install 'nipype~=1.8' 'numpy<2' requests orjson toml psutil templateflow
    python record_mriqc_upload.py ROOT FOLDER

``ROOT`` is the address of a service or of a relay, which takes MRIQC's public token; ``FOLDER``
gets one JSON file per image. A listener stands between both and writes down what passes.
"""

import json
import logging
import os
import sys
import tempfile
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

TOKEN = '<secret_token>'
HERE = Path(__file__).parent


def load_uploader():
    """Import MRIQC's own module, without those beside it, which need the whole of MRIQC."""
    import mriqc.config

    package = ModuleType('mriqc.interfaces')
    package.__path__ = [str(Path(mriqc.__file__).parent / 'interfaces')]
    sys.modules['mriqc.interfaces'] = package
    from mriqc.interfaces import webapi

    mriqc.config.loggers.interface = logging.getLogger('nipype.interface')

    return webapi


def listen(root: str, seen: list[dict]) -> ThreadingHTTPServer:
    """Pass requests on to a service, and note each with its answer."""
    there = urlsplit(root)

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers['Content-Length']))
            connection = HTTPConnection(there.hostname or '', there.port)
            connection.request('POST', self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            seen.append(
                {
                    'method': 'POST',
                    'path': self.path,
                    'headers': [list(pair) for pair in self.headers.items()],
                    'body': body.decode(),
                    'status': answer.status,
                    'answer': json.loads(content),
                }
            )
            self.send_response(answer.status)
            self.send_header('Content-Type', answer.headers['Content-Type'])
            self.send_header('Content-Length', str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def derivatives(modality: str, folder: Path) -> Path:
    """Write a record as MRIQC leaves it beside its reports: labels as they are, in full words."""
    document = json.loads((HERE / 'payloads' / f'{modality}.json').read_text())
    document['bids_meta'] |= {'subject_id': '01', 'session_id': 'pre', 'run_id': 1}
    path = folder / f'sub-01_ses-pre_{modality}.json'
    path.write_text(json.dumps(document))
    return path


def main(root: str, out: Path) -> None:
    """Upload one record of each modality by MRIQC's interface."""
    webapi = load_uploader()
    seen: list[dict] = []
    server = listen(root, seen)
    endpoint = f'http://127.0.0.1:{server.server_address[1]}/api/v1'
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)  # the interface writes its payload where it stands
        for modality in ('T1w', 'T2w', 'bold'):
            interface = webapi.UploadIQMs(
                in_iqms=str(derivatives(modality, Path(place))),
                endpoint=endpoint,
                auth_token=TOKEN,
                email='jane.doe@example.org',
                strict=True,
                modality=modality,
            )
            result = interface.run()
            exchange = seen[-1] | {'api_id': result.outputs.api_id}
            assert exchange['api_id'] == exchange['answer']['_id']
            (out / f'{modality}.json').write_text(json.dumps(exchange, indent=1) + '\n')
            print(modality, exchange['status'], exchange['api_id'])
    server.shutdown()


if __name__ == '__main__':
    main(sys.argv[1], Path(sys.argv[2]).resolve())
