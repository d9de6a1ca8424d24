// @ts-check
/** Places the images of a study within a population: percentiles, and what is unusual. */
import { rank, robustDistance } from './percentile-ranks.js';

/** @typedef {import('./percentile-ranks.js').Population} Population */
/** @typedef {import('./study-reader.js').StudyImage} StudyImage */
/** @typedef {import('./study-reader.js').Kind} Kind */
/** @typedef {'plain' | 'odd' | 'good' | 'bad'} Tone */

export const MIN_PEERS = 20; // with fewer, one image more or less moves a percentile by over 5

/** @typedef {{iqm: string, n_used: number, values: (number | null)[]}} Told */
/**
 * @typedef {object} Place
 * @property {StudyImage} image
 * @property {Kind['iqms'][number]} iqm
 * @property {number} value
 * @property {number} percent
 * @property {number | null} distance robust standard deviations from the median
 * @property {Tone} tone
 */
/**
 * @typedef {object} Placed
 * @property {Place[]} places all of them
 * @property {Place[]} unusual the farthest first
 * @property {Map<StudyImage, Place[]>} byImage what is unusual of each image, most first
 */

/**
 * Read the answer of the percentiles route.
 *
 * @param {{percentiles: number[], iqms: Told[]}} answer
 * @returns {Map<string, Population>} of those IQMs of which enough is known
 */
export function populationsOf(answer) {
  const supported = answer.iqms.filter((one) => one.n_used >= MIN_PEERS);
  return new Map(
    supported.map((one) => [
      one.iqm,
      {
        n: one.n_used,
        percents: answer.percentiles,
        values: /** @type {number[]} */ (one.values),
      },
    ]),
  );
}

/**
 * @param {StudyImage[]} images
 * @param {Kind} kind
 * @param {Map<string, Population>} populations
 * @param {number} tail percent at either end that are called unusual
 * @returns {Placed}
 */
export function placeStudy(images, kind, populations, tail) {
  const places = [];
  for (const iqm of kind.iqms) {
    const population = populations.get(iqm.name);
    if (!population) continue;
    for (const image of images) {
      const value = image.values.get(iqm.name);
      if (value === undefined) continue;
      const percent = rank(population, value);
      const distance = robustDistance(population, value);
      places.push({
        image,
        iqm,
        value,
        percent,
        distance,
        tone: toneOf(percent, iqm.better, tail),
      });
    }
  }
  const unusual = places
    .filter((place) => place.tone !== 'plain')
    .sort((a, b) => reach(b) - reach(a));
  return { places, unusual, byImage: group(images, unusual) };
}

/**
 * Say in words where a value stands.
 *
 * @param {Pick<Place, 'percent' | 'iqm'>} place
 */
export function wordsOf({ percent, iqm }) {
  const isHigh = percent >= 50;
  if (percent === 100 || percent === 0) return isHigh ? 'above all peers' : 'below all peers';
  const word =
    iqm.better === 'neither'
      ? isHigh
        ? 'higher'
        : 'lower'
      : isHigh === (iqm.better === 'higher')
        ? 'better'
        : 'worse';
  return `${word} than ${percentText(isHigh ? percent : 100 - percent)} %`;
}

/** @param {number} percent */
export function percentText(percent) {
  if (percent > 0 && percent < 0.1) return '< 0.1';
  if (percent > 99.9 && percent < 100) return '> 99.9';
  return percent.toFixed(1);
}

/**
 * Write a table of tab-separated values; cells lose their tabs and line ends.
 *
 * @param {(string | number | null | undefined)[][]} rows
 */
export function tsv(rows) {
  const cell = (/** @type {unknown} */ value) => String(value ?? 'n/a').replace(/[\t\r\n]+/g, ' ');
  return rows.map((row) => `${row.map(cell).join('\t')}\n`).join('');
}

/**
 * @param {number} percent
 * @param {string} better
 * @param {number} tail
 * @returns {Tone}
 */
function toneOf(percent, better, tail) {
  if (percent > tail && percent < 100 - tail) return 'plain';
  if (better === 'neither') return 'odd';
  return (better === 'higher') === percent > 50 ? 'good' : 'bad';
}

/** @param {Place} place */
function reach(place) {
  if (place.distance !== null) return Math.abs(place.distance);
  return Math.abs(place.percent - 50) / 50; // half of the peers are equal: no scale
}

/**
 * @param {StudyImage[]} images
 * @param {Place[]} unusual
 */
function group(images, unusual) {
  /** @type {Map<StudyImage, Place[]>} */
  const found = new Map(images.map((image) => [image, []]));
  for (const place of unusual) found.get(place.image)?.push(place);
  return new Map([...found].sort(([, a], [, b]) => b.length - a.length));
}
