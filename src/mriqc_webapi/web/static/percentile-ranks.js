// @ts-check
/**
 * Where values stand in a population of which some percentiles are known. Nothing here knows of
 * pages or files.
 */

/** SD of a normal sample over its interquartile range: Φ⁻¹(¾) · 2. */
const IQR_TO_SD = 1 / 1.3489795;

/**
 * @typedef {object} Population
 * @property {number} n how many values it has
 * @property {number[]} percents ascending, from 0 to 100
 * @property {number[]} values lined up with them
 */

/**
 * Rank a value: percent of the population below it, half of what equals it included. Between two
 * known percentiles it is interpolated linearly.
 *
 * @param {Population} population
 * @param {number} value
 * @returns {number} 0 below the smallest value, 100 above the largest
 */
export function rank({ percents, values }, value) {
  const last = values.length - 1;
  if (value < values[0]) return 0;
  if (value > values[last]) return 100;
  const first = firstAtLeast(values, value);
  if (values[first] === value) {
    let end = first;
    while (end < last && values[end + 1] === value) end += 1;
    return (percents[first] + percents[end]) / 2;
  }
  const share = (value - values[first - 1]) / (values[first] - values[first - 1]);
  return percents[first - 1] + share * (percents[first] - percents[first - 1]);
}

/**
 * Give the value of one percentile.
 *
 * @param {Population} population
 * @param {number} percent
 */
export function quantile({ percents, values }, percent) {
  const first = firstAtLeast(percents, percent);
  if (percents[first] === percent || first === 0) return values[first];
  const share = (percent - percents[first - 1]) / (percents[first] - percents[first - 1]);
  return values[first - 1] + share * (values[first] - values[first - 1]);
}

/**
 * Measure how far a value is from the median, in robust standard deviations.
 *
 * @param {Population} population
 * @param {number} value
 * @returns {number | null} null where half of the population is one value: no scale to divide by
 */
export function robustDistance(population, value) {
  const scale = (quantile(population, 75) - quantile(population, 25)) * IQR_TO_SD;
  return scale > 0 ? (value - quantile(population, 50)) / scale : null;
}

/**
 * Share a population out among bins.
 *
 * @param {Population} population
 * @param {number[]} edges ascending, one more than there are bins
 * @returns {number[]} percent of the population in each
 */
export function shares(population, edges) {
  const below = edges.map((edge) => rank(population, edge));
  return below.slice(1).map((share, i) => share - below[i]);
}

/**
 * Find the first number that is not smaller; the last one if all are.
 *
 * @param {number[]} ascending
 * @param {number} wanted
 */
function firstAtLeast(ascending, wanted) {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
