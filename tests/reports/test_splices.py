import zlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriqc_webapi.errors import DamagedReportError
from mriqc_webapi.reports.splices import Splice, original, spliced

PAGE = b'<p>one</p><p>two</p>'


@given(
    st.binary(max_size=200),
    st.lists(st.integers(0, 200), min_size=2, max_size=6, unique=True).map(sorted),
)
def test_splices_are_taken_back_to_the_byte(page, places):
    if b'mriqc-webapi' in page:
        return
    bounds = [min(place, len(page)) for place in places]
    splices = [Splice(a, b, b'new') for a, b in zip(bounds[::2], bounds[1::2], strict=False)]
    back = original(spliced(page, splices))
    assert (back.page, back.n_splices, back.is_exact) == (page, len(splices), True)


def test_a_page_changed_since_keeps_the_change():
    page = spliced(PAGE, [Splice(0, 10, b'<b>new</b>')]).replace(b'two', b'three')
    back = original(page)
    assert (back.page, back.is_exact) == (b'<p>one</p><p>three</p>', False)


@pytest.mark.parametrize(
    'was',
    [
        b'====',
        b64encode(b'no zlib'),
        b64encode(zlib.compress(b'broken off')[:-4]),
        b64encode(zlib.compress(bytes(17 << 20))),
    ],
    ids=['no base64', 'no zlib', 'broken off', 'too long'],
)
def test_a_damaged_splice_is_refused(was):
    with pytest.raises(DamagedReportError):
        original(b'<!--mriqc-webapi:rating was=' + was + b'-->x<!--/mriqc-webapi:rating-->')
