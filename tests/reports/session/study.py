"""Studies to rate: folders of reports with drawn heads, laid out as MRIQC's derivatives are."""

import base64
import hashlib
import json
import random
import struct
import zlib
from pathlib import Path

N_SLICES = 12


def make_study(folder: Path, n: int, *, megabytes: float = 0) -> Path:
    """Make a folder of `n` T1w reports, each with its JSON and its picture beside it.

    The signal falls and the blur grows with the number of the subject.
    """
    for i in range(1, n + 1):
        subject = f'sub-{i:02d}'
        stem = f'{subject}_T1w'
        picture = folder / subject / 'figures' / f'{stem}_desc-zoomed_T1w.svg'
        _write(picture, mosaic(i, quality=1 - i / (n + 1)))
        iqms = {'snr_total': round(20 - 12 * i / n, 3), 'cjv': 0.3 + i / 100, 'size_x': 256}
        _write(folder / subject / 'anat' / f'{stem}.json', image_json(stem, **iqms))
        bulk = _bulk(i, megabytes) if megabytes else ''
        about = f'<li>Participant: {subject}</li><li>BIDS filename: {stem}.</li>'
        body = f'<img src="./{subject}/figures/{picture.name}" alt="Mosaic">{bulk}'
        _write(folder / f'{stem}.html', report_page(stem, about, body))
    return folder


def report_page(title: str, about: str, body: str, *, head: str = '') -> str:
    """Write a page as MRIQC's reports are."""
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} :: Anatomical MRI report</title>
<style>
body {{ margin: 0; font-family: Helvetica, Arial, sans-serif; color: #222 }}
nav {{ padding: 12px 24px; background: #f4f4f4; border-bottom: 1px solid #ddd }}
main {{ padding: 8px 24px }} img {{ max-width: 100%; background: #000 }}
ul {{ color: #555 }} .bulk {{ width: 640px; image-rendering: pixelated }}
</style>{head}</head><body>
<nav><b>MRIQC: individual T1w report</b></nav>
<main><h1>Basic visual report</h1><ul>{about}</ul>
<h2>Zoomed-in mosaic view of the brain</h2>{body}
<h2>About</h2><p>MRIQC version: 24.0.2.</p></main></body></html>
"""


def image_json(stem: str, **iqms: float) -> str:
    """Write the JSON that MRIQC keeps of an image."""
    md5sum = hashlib.md5(stem.encode()).hexdigest()
    provenance = {'md5sum': md5sum, 'software': 'mriqc', 'version': '24.0.2'}
    return json.dumps(iqms | {'bids_meta': {'modality': 'T1w'}, 'provenance': provenance})


def mosaic(seed: int, *, quality: float = 1.0) -> str:
    """Draw slices of a head, the more blurred the worse."""
    rng = random.Random(seed)
    width, height = 160 * 6, 190 * (N_SLICES // 6)
    slices = ''.join(
        f'<g transform="translate({160 * (i % 6)} {190 * (i // 6)})">{_slice(i, rng)}</g>'
        for i in range(N_SLICES)
    )
    blur = 0.4 + 3.2 * max(0.0, 0.5 - quality)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<defs><filter id="scan" x="0" y="0" width="1" height="1">
<feTurbulence type="fractalNoise" baseFrequency="0.35" numOctaves="2" seed="{seed}" result="n"/>
<feColorMatrix in="n" type="saturate" values="0" result="g"/>
<feComposite in="SourceGraphic" in2="g" operator="arithmetic" k1="{1.1 - quality:.2f}" k2="0.8"/>
<feGaussianBlur stdDeviation="{blur:.2f}"/></filter></defs>
<rect width="{width}" height="{height}"/><g filter="url(#scan)">{slices}</g></svg>"""


def _slice(i: int, rng: random.Random) -> str:
    level = 1 - abs(i - N_SLICES / 2) / N_SLICES
    a, b = 62 * level + rng.uniform(-2, 2), 78 * level + rng.uniform(-2, 2)
    parts = [
        _ellipse(80, 95, a, b, '#777'),
        _ellipse(80, 95, a - 5, b - 5, '#1a1a1a'),
        _ellipse(80, 95, a - 9, b - 9, '#8d8d8d'),
        _ellipse(80, 97, 0.62 * a, 0.66 * b, '#cfcfcf'),
        *(_ellipse(80 + s * 0.3 * a, 92, 0.1 * a, 0.24 * b, '#2a2a2a') for s in (-0.5, 0.5)),
        f'<path d="M80 {95 - b + 10:.0f}V{95 - 0.3 * b:.0f}" stroke="#333" stroke-width="2"/>',
    ]
    for _ in range(26):  # sulci
        x, y = rng.uniform(-1, 1), rng.uniform(-1, 1)
        if 0.45 < x * x + y * y < 0.85:
            parts.append(_ellipse(80 + x * (a - 9), 95 + y * (b - 9), 4, 7, '#555'))
    return ''.join(parts)


def _ellipse(cx: float, cy: float, rx: float, ry: float, fill: str) -> str:
    return f'<ellipse cx="{cx:.1f}" cy="{cy:.1f}" rx="{rx:.1f}" ry="{ry:.1f}" fill="{fill}"/>'


def _bulk(seed: int, megabytes: float) -> str:
    """Draw noise into pictures within the page, as reports with embedded mosaics weigh."""
    side = 700
    one = base64.b64encode(noise_png(seed, side)).decode()
    n = max(1, round(megabytes * 1e6 / len(one)))
    rng = random.Random(seed)
    pictures = (base64.b64encode(noise_png(rng.random(), side)).decode() for _ in range(n))
    return ''.join(f'<img class="bulk" src="data:image/png;base64,{p}" alt="">' for p in pictures)


def noise_png(seed: float, side: int) -> bytes:
    """Make a grey picture of noise, which no compression makes smaller."""
    rng = random.Random(seed)
    rows = b''.join(b'\0' + rng.randbytes(side) for _ in range(side))
    head = struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0)
    chunks = ((b'IHDR', head), (b'IDAT', zlib.compress(rows, 1)), (b'IEND', b''))
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
