"""Many connections that post at once, and remember what was answered 201."""

import http.client
import json
import threading
from collections import Counter
from urllib.parse import urlsplit

from tests.live import TOKEN, LiveService
from tests.web.asking import payload


class Posters:
    """Threads that post T1w records, one after the other, until told to stop."""

    def __init__(self, live: LiveService, *, n_connections: int) -> None:
        self._where = urlsplit(live.root)
        self._is_over = threading.Event()
        self.acknowledged: list[tuple[str, str]] = []  # id, md5sum
        self.statuses: Counter[int] = Counter()
        self._threads = [threading.Thread(target=self._post) for _ in range(n_connections)]

    def start(self) -> 'Posters':
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(60)
        assert not any(t.is_alive() for t in self._threads)

    def _post(self) -> None:
        connection = http.client.HTTPConnection(
            self._where.hostname or '', self._where.port, timeout=30
        )
        headers = {'Authorization': TOKEN, 'Content-Type': 'application/json'}
        try:
            while not self._is_over.is_set():
                document = payload()
                connection.request('POST', '/api/v1/T1w', json.dumps(document), headers)
                answer = connection.getresponse()
                body = answer.read()
                self.statuses[answer.status] += 1
                if answer.status == 201:
                    id, md5sum = json.loads(body)['_id'], document['provenance']['md5sum']
                    self.acknowledged.append((id, md5sum))
        except (OSError, http.client.HTTPException):
            pass  # the service was killed; what it had answered is what counts
        finally:
            connection.close()
