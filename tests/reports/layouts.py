"""Reports as MRIQC and other NiPreps of several eras lay them out; only what matters is there."""

import json
from pathlib import Path
from typing import Any

MD5 = '4608ffbd6b78ce3a325eb338fa556589'
NAME = 'sub-01_T1w.html'
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 4"><path d="M1 1h7v2h-7z"/></svg>'
)


def mriqc_0_9(*, body: str = '', head: str = '') -> bytes:
    """MRIQC 0.9: says its version, but not which image it is about."""
    return _page(
        'MRIQC: individual T1w\nreport',
        f"""<div class="document">
<h1>MRIQC: individual T1w report</h1>
<ul class="simple">
<li>Subject ID: sub-01.</li>
<li>MRIQC version: 0.9.4.</li>
</ul>
<div class="embeded-report">{PICTURE}</div>
{body}
</div>""",
        head,
    )


def mriqc_0_12(md5sum: str = MD5) -> bytes:
    """MRIQC 0.9.11 to 0.13: a form in the page, a script in the head."""
    script = f"""<script type="text/javascript">
var sentOnce = false;
function sendRating() {{
    var md5sum = "{md5sum}";
    var ratingReq = new XMLHttpRequest();
    ratingReq.open("POST", "http://127.0.0.1:9/api/v1/rating");
    ratingReq.send(JSON.stringify({{'md5sum': md5sum}}));
}};
</script>"""
    radios = ''.join(f'<input type="radio" name="inlineRadio" value="{i}">' for i in range(4))
    form = f"""<div class="panel"><div class="panel-body">
<div>{radios}</div>
<input id="ratingName"><textarea id="ratingComment"></textarea>
<button onclick="sendRating()">Submit</button>
<div id="submitResAlert"></div>
<div id="allRatingsDiv" class="hidden"><div id="allRatings0"></div></div>
</div></div>"""
    return mriqc_0_9(body=form, head=script).replace(b'0.9.4', b'0.12.1')


def mriqc_0_16(md5sum: str = MD5, *, version: str = '0.16.1') -> bytes:
    """MRIQC 0.14 to 22: a panel and a button, tables of provenance, jQuery from elsewhere."""
    script = """<script>
function read_form() { return $('#ratings-group input:checked'); };
function toggle_rating() { $('#rating-menu').toggleClass('d-none'); };
</script>"""
    panel = f"""<div id="rating-menu" class="card position-fixed">
<div class="card-header">Rate Image <button id="close-rating-menu">x</button></div>
<div class="card-body"><div id="ratings-group"><label><input type="radio" value="1">Exclude</label>
</div><button class="btn" id="btn-post" value="<secret_token>">Post to WebAPI</button>
<script type="text/javascript">
$('#btn-post').click(function() {{
    var md5sum = "{md5sum}"; // </div> in a script ends nothing
}});
</script>
</div></div>"""
    return _page(
        'MRIQC: individual T1w\nreport',
        f"""<nav class="navbar">
<a id="rating-toggler" href="#" class="btn btn-primary">Toggle rating widget</a></nav>
<ul><li>BIDS filename: sub-01_T1w.</li><li>MRIQC version: {version}.</li></ul>
<div id="report-zoomed" class="card-body">{PICTURE}</div>
<div class="card-body provenance-table"><table id="provenance-table">
<tr><td>md5sum</td><td>{md5sum}</td></tr>
<tr><td>software</td><td>mriqc</td></tr>
<tr><td>version</td><td>{version}</td></tr>
</table></div>
{panel}
<p>For details, read the documentation.</p>""",
        f'<script src="https://code.jquery.com/jquery-3.3.1.slim.min.js"></script>{script}',
    )


def fmriprep() -> bytes:
    """fMRIPrep: a report on a subject, not on an image."""
    return _page(
        'fMRIPrep',
        f"""<div id="Summary"><ul class="elem-desc"><li>Subject ID: 01</li></ul></div>
<div id="datatype-figures">{PICTURE}</div>
<div id="About"><ul><li>fMRIPrep version: 23.2.1</li></ul></div>""",
    )


def drawn_report(md5sum: str = MD5) -> bytes:
    """A report with something to look at: a mosaic of drawn heads."""
    heads = ''.join(_head(x, y) for y in range(4) for x in range(6))
    mosaic = f'<svg viewBox="0 0 600 480" width="100%" role="img">{_TISSUE}{heads}</svg>'
    page = mriqc_0_12(md5sum).replace(
        PICTURE.encode(), f'<h2>Zoomed-in mosaic</h2>{mosaic}'.encode()
    )
    return page.replace(b'<body ', b'<body bgcolor="white" ')


def _head(column: int, row: int) -> str:
    size = 30 + 14 * (1 - abs(6 * row + column - 11) / 12)
    at = f'translate({100 * column + 50} {120 * row + 60}) scale({size / 44:.2f})'
    halves = ''.join(
        f'<ellipse cx="{side * 9}" cy="{y}" rx="6" ry="{14 - abs(y) / 3:.0f}" fill="#444"/>'
        for side in (-1, 1)
        for y in (-8, 12)
    )
    return (
        f'<rect x="{100 * column}" y="{120 * row}" width="100" height="120"/>'
        f'<g transform="{at}"><ellipse rx="44" ry="54" fill="#777"/>'
        f'<ellipse rx="38" ry="48" fill="url(#tissue)"/>{halves}</g>'
    )


_TISSUE = """<defs><radialGradient id="tissue">
<stop offset="0" stop-color="#ddd"/><stop offset=".75" stop-color="#bbb"/><stop offset="1"/>
</radialGradient></defs>"""


def made_by_nireports(folder: Path, *, md5sum: str | None = MD5, name: str = NAME) -> Path:
    """Make a report as MRIQC since 23.1 does, by NiReports, with its own widget."""
    from nireports.assembler.report import Report

    figures = folder / 'work' / 'sub-01' / 'figures'
    figures.mkdir(parents=True)
    (figures / 'sub-01_desc-zoomed_T1w.svg').write_text(f'<?xml version="1.0"?>\n{PICTURE}')
    bootstrap = folder / 'bootstrap.yml'
    bootstrap.write_text(_BOOTSTRAP)
    provenance = {'md5sum': md5sum, 'software': 'mriqc', 'version': '24.0.2'}
    provenance = {k: v for k, v in provenance.items() if v}
    report = Report(
        folder,
        'run',
        bootstrap_file=bootstrap,
        reportlets_dir=folder / 'work',
        out_filename=name,
        metadata={'about-metadata': {'Provenance Information': provenance}},
        plugin_meta={'rating-widget': {'filename': 'sub-01_T1w'}},
        subject='01',
    )
    report.generate_report()
    return folder / name


def write_json(path: Path, md5sum: str = MD5, **more: Any) -> Path:
    """Write the JSON of an image as MRIQC does."""
    provenance = {'md5sum': md5sum, 'software': 'mriqc', 'version': '0.9.4'}
    document = {'cjv': 0.4, 'bids_meta': {'modality': 'T1w'}, 'provenance': provenance | more}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document | {'qi_1': float('nan')}))
    return path


def _page(title: str, body: str, head: str = '') -> bytes:
    return f"""<?xml version="1.0" encoding="utf-8" ?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<title>{title}</title>
{head}
</head>
<body style="font-family: helvetica;">
{body}
</body>
</html>
""".encode()


_BOOTSTRAP = """\
packagename: mriqc
title: '{filename} :: Anatomical MRI report'
sections:
- name: Basic visual report
  reportlets:
  - bids: {datatype: figures, desc: zoomed}
    subtitle: Zoomed-in mosaic view of the brain
- name: About
  nested: true
  reportlets:
  - metadata: "input"
    settings:
      folded: true
      id: 'about-metadata'
    title: Reproducibility and provenance information
plugins:
- module: nireports.assembler
  path: data/rating-widget/bootstrap.yml
"""
