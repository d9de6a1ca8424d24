"""Stored ratings as this interface tells them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from statistics import fmean, stdev
from typing import Any

import orjson

from mriqc_webapi.ratings.rating import Rating, parse_rating
from mriqc_webapi.ratings.scales import GRADES, STEPS
from mriqc_webapi.store.records import StoredDoc

Json = dict[str, Any]

_LABELS = {scale: [step.label for step in steps.values()] for scale, steps in STEPS.items()} | {
    'v2': list(GRADES)
}


def read_rating(stored: StoredDoc) -> Rating:
    """Understand a stored rating."""
    return parse_rating(orjson.loads(stored.doc), id=stored.id, created_at=stored.created_at)


def summarise(ratings: Iterable[Rating]) -> Json:
    """Count standing ratings of one image by grade, by label and by artifact."""
    held = list(ratings)
    grades = Counter(r.grade for r in held)
    labels = Counter((r.scale, r.label) for r in held)
    artifacts = Counter(a for r in held for a in r.artifacts)
    scales = [scale for scale in _LABELS if any(r.scale == scale for r in held)]
    return {
        'n_ratings': len(held),
        'n_raters': len({r.rater for r in held if r.rater}),
        'grades': [{'grade': grade, 'n': grades[grade]} for grade in GRADES],
        'labels': [
            {'scale': scale, 'label': label, 'n': labels[scale, label]}
            for scale in scales
            for label in _LABELS[scale]
        ],
        'score': _describe([r.score for r in held if r.score is not None]),
        'artifacts': [
            {'artifact': name, 'n': n}
            for name, n in sorted(artifacts.items(), key=lambda item: (-item[1], item[0]))
        ],
    }


def links_of(rating: Rating | Mapping[str, Any]) -> Json:
    """Say where a rating, and all those of its image, are."""
    id_, md5sum = (
        (rating.id, rating.md5sum)
        if isinstance(rating, Rating)
        else (rating['id'], rating['md5sum'])
    )
    links: Json = {'self': {'href': f'/api/v2/ratings/{id_}'}}
    if md5sum:
        links['scan'] = {'href': f'/api/v2/scans/{md5sum}/ratings'}
    return links


def _describe(scores: list[float]) -> Json:
    return {
        'n': len(scores),
        'mean': fmean(scores) if scores else None,
        'sd': stdev(scores) if len(scores) > 1 else None,
        'min': min(scores, default=None),
        'max': max(scores, default=None),
    }
