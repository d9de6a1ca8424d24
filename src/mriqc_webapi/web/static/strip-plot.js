// @ts-check
/** Draws one IQM: the population as a hill, the study's images as strokes upon it. */
import { quantile, rank, shares } from './percentile-ranks.js';

/** @typedef {import('./percentile-ranks.js').Population} Population */
/** @typedef {import('./study-placing.js').Place} Place */

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 320;
const HILL = 74; // height of the hill's top above the axis
const AXIS = 84;
const HEIGHT = 104;
const N_BINS = 48;
const EDGE = 0.5; // percent left out at either end, lest one extreme value flattens the rest
const MAX_STROKES = 300; // beyond that the study is a hill of its own
const SKEWED = 12; // times farther from the median to the upper end than to the lower: a log scale

/**
 * @param {Population} population
 * @param {Place[]} places of the study's images
 * @param {Place | null} chosen the image that is looked at
 * @param {string} label for who does not see it
 * @returns {SVGSVGElement}
 */
export function drawStrip(population, places, chosen, label) {
  const { low, high, isLog, to, edges } = scaleOf(population);
  const x = (/** @type {number} */ value) => 4 + to(value) * (WIDTH - 8);
  const svg = make('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label });
  svg.append(make('path', { class: 'population', d: hill(shares(population, edges)) }));
  const median = x(quantile(population, 50));
  svg.append(make('line', { class: 'median', x1: median, x2: median, y1: AXIS - HILL, y2: AXIS }));
  if (places.length > MAX_STROKES) {
    svg.append(make('path', { class: 'study', d: hill(countShares(places, to)) }));
    const unusual = places.filter((place) => place.tone !== 'plain').slice(0, MAX_STROKES);
    svg.append(make('path', { class: 'unusual', d: strokes(unusual, x) }));
  } else {
    svg.append(
      make('path', {
        class: 'images',
        d: strokes(
          places.filter((p) => p.tone === 'plain'),
          x,
        ),
      }),
    );
    svg.append(
      make('path', {
        class: 'unusual',
        d: strokes(
          places.filter((p) => p.tone !== 'plain'),
          x,
        ),
      }),
    );
  }
  if (chosen) svg.append(make('path', { class: 'chosen', d: pointer(x(chosen.value)) }));
  svg.append(make('line', { class: 'axis', x1: 0, x2: WIDTH, y1: AXIS, y2: AXIS }));
  svg.append(
    text(4, 'start', short(low)),
    text(median, 'middle', short(quantile(population, 50))),
  );
  svg.append(text(WIDTH - 4, 'end', short(high)));
  if (isLog) svg.append(text(WIDTH - 4, 'end', 'log scale', 10));
  return svg;
}

/** @param {number} value */
export function short(value) {
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return value.toExponential(2);
  const digits = size >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return value.toLocaleString('en', digits);
}

/**
 * Say how the study lies within the population.
 *
 * @param {Population} population
 * @param {Place[]} places
 */
export function summary(population, places) {
  const values = places.map((place) => place.value).sort((a, b) => a - b);
  const median =
    values.length % 2
      ? values[(values.length - 1) / 2]
      : (values[values.length / 2 - 1] + values[values.length / 2]) / 2;
  return {
    median,
    percent: rank(population, median),
    low: values[0],
    high: values[values.length - 1],
  };
}

/**
 * Choose the axis of a population: between its extremes, logarithmic where it is very skewed.
 *
 * @param {Population} population
 */
function scaleOf(population) {
  const [low, high] = span(population);
  const median = quantile(population, 50);
  const isLog = low > 0 && high - median > SKEWED * (median - low);
  const by = isLog ? Math.log : (/** @type {number} */ value) => value;
  const back = isLog ? Math.exp : by;
  const width = by(high) - by(low);
  const to = (/** @type {number} */ value) =>
    value <= low ? 0 : clamp((by(value) - by(low)) / width);
  const edges = Array.from({ length: N_BINS + 1 }, (_, i) => back(by(low) + (i / N_BINS) * width));
  return { low, high, isLog, to, edges };
}

/**
 * @param {Population} population
 * @returns {[number, number]}
 */
function span(population) {
  const low = quantile(population, EDGE);
  const high = quantile(population, 100 - EDGE);
  if (high > low) return [low, high];
  const margin = Math.abs(low) / 2 || 1;
  return [low - margin, high + margin];
}

/**
 * @param {Place[]} places
 * @param {(value: number) => number} to
 */
function countShares(places, to) {
  const found = new Array(N_BINS).fill(0);
  for (const { value } of places) {
    found[Math.min(Math.floor(to(value) * N_BINS), N_BINS - 1)] += 100 / places.length;
  }
  return found;
}

/** @param {number[]} heights */
function hill(heights) {
  const top = Math.max(...heights) || 1;
  const step = (WIDTH - 8) / heights.length;
  const points = heights.map((h, i) => {
    const y = (AXIS - (h / top) * HILL).toFixed(1);
    return `L${(4 + i * step).toFixed(1)} ${y}H${(4 + (i + 1) * step).toFixed(1)}`;
  });
  return `M4 ${AXIS}${points.join('')}V${AXIS}Z`;
}

/**
 * @param {Place[]} places
 * @param {(value: number) => number} x
 */
function strokes(places, x) {
  return places.map((place) => `M${x(place.value).toFixed(1)} ${AXIS - 16}v16`).join('');
}

/** @param {number} x */
function pointer(x) {
  return `M${x} ${AXIS}v-${HILL - 6}m-5 -8h10l-5 8z`;
}

/** @param {number} share */
function clamp(share) {
  return Math.min(1, Math.max(0, share));
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @returns {any}
 */
function make(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/**
 * @param {number} x
 * @param {string} anchor
 * @param {string} words
 * @param {number} [y]
 */
function text(x, anchor, words, y = HEIGHT - 5) {
  const near = Math.min(Math.max(x, 60), WIDTH - 60);
  const element = make('text', { x: anchor === 'middle' ? near : x, y, 'text-anchor': anchor });
  element.textContent = words;
  return element;
}
