"""Intraclass correlation: how much of the spread of ratings is that of the images."""

import numpy as np

from mriqc_webapi.ratings.resampling import Floats, divide


def icc(table: Floats) -> float | None:
    """Compute ICC(2,1): absolute agreement of single ratings, raters drawn at random [1]_, [2]_.

    The variances of images, raters and the rest come from sums of squares by Henderson's first
    method [3]_. On a full table that is the analysis of variance, and ICC(2,1) as it is usually
    given. Missing cells stay missing: nothing is filled in, no image is left out for them.

    Parameters
    ----------
    table : (n, r) ndarray of float64
        What *r* raters gave *n* images; NaN where they did not rate.

    Returns
    -------
    float or None
        1 for perfect agreement, about 0 for none (sampling may take it below); None if there is
        no spread, or if raters and images cannot be told apart since too few ratings overlap.

    References
    ----------
    .. [1] Shrout & Fleiss (1979), Psychol Bull 86:420-428, doi:10.1037/0033-2909.86.2.420
    .. [2] McGraw & Wong (1996), Psychol Methods 1:30-46, doi:10.1037/1082-989X.1.1.30
    .. [3] Henderson (1953), Biometrics 9:226-252, doi:10.2307/3001853
    """
    if table.size == 0:
        return None
    value = float(weighted_icc(table, np.ones((1, len(table))))[0])
    return value if np.isfinite(value) else None


def weighted_icc(table: Floats, weights: Floats) -> Floats:
    """Compute ICC(2,1) while each image counts as often as told; NaN where it is undefined.

    Parameters
    ----------
    table : (n, r) ndarray
        As of :func:`icc`; each image has a rating.
    weights : (b, n) ndarray
        How many copies of each image there are.
    """
    is_rated = (~np.isnan(table)).astype(np.float64)
    values = np.nan_to_num(table - np.nanmean(table)) * is_rated
    per_image = is_rated.sum(axis=1)
    per_rater = weights @ is_rated  # (b, r)
    n = per_rater.sum(axis=1)
    n_images, n_raters = weights.sum(axis=1), np.sum(per_rater > 0, axis=1)
    sums_of_raters = weights @ values
    total = weights @ np.sum(values**2, axis=1)
    of_images = weights @ (values.sum(axis=1) ** 2 / per_image)
    of_raters = np.sum(
        np.divide(sums_of_raters**2, per_rater, out=np.zeros_like(per_rater), where=per_rater > 0),
        axis=1,
    )
    of_mean = sums_of_raters.sum(axis=1) ** 2 / n
    free_images = n - (weights @ per_image**2) / n
    free_raters = n - np.sum(per_rater**2, axis=1) / n
    in_images = divide(total - of_images, n - n_images)  # variance of raters and the rest
    in_raters = divide(total - of_raters, n - n_raters)  # variance of images and the rest
    rest = divide(
        free_images * in_raters + free_raters * in_images - (total - of_mean),
        free_images + free_raters - n + 1,
    )
    found = divide(in_raters - rest, in_raters + in_images - rest)
    return np.where(np.abs(found) <= 1, found, np.nan)  # else variances that cannot be
