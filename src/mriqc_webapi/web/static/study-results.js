// @ts-check
/** Shows where a study stands: what is unusual, image by image, and a plot of each IQM. */
import { percentText, placeStudy, tsv, wordsOf } from './study-placing.js';
import { drawStrip, short, summary } from './strip-plot.js';

/** @typedef {import('./study-reader.js').StudyImage} StudyImage */
/** @typedef {import('./study-placing.js').Place} Place */
/** @typedef {import('./study-placing.js').Placed} Placed */
/**
 * @typedef {object} Comparison
 * @property {StudyImage[]} images
 * @property {import('./study-reader.js').Kind} kind
 * @property {Map<string, import('./percentile-ranks.js').Population>} populations
 * @property {number} tail
 * @property {number} nPeers
 * @property {string} peers
 */

const MAX_TOLD = 100; // robust SD: more says only that the peers are nearly all the same
const STEP = 50; // rows that a table shows at first, and more of each time

export class StudyResults {
  /** @type {Comparison | null} */ #asked = null;
  /** @type {Placed | null} */ #placed = null;
  /** @type {Map<string, Place[]>} */ #byIqm = new Map();
  /** @type {StudyImage | null} */ #chosen = null;
  /** @type {IntersectionObserver | null} */ #watcher = null;
  #root;

  /** @param {HTMLElement} root whose parts are marked by `data-part` */
  constructor(root) {
    this.#root = root;
    this.#part('download-unusual').addEventListener('click', () =>
      this.#save('unusual.tsv', this.#unusualTable()),
    );
    this.#part('download-all').addEventListener('click', () =>
      this.#save('percentiles.tsv', this.#wholeTable()),
    );
  }

  hide() {
    this.#root.hidden = true;
  }

  /** @param {Comparison} asked */
  show(asked) {
    this.#asked = asked;
    this.#placed = placeStudy(asked.images, asked.kind, asked.populations, asked.tail);
    this.#byIqm = Map.groupBy(this.#placed.places, (place) => place.iqm.name);
    if (this.#chosen && !asked.images.includes(this.#chosen)) this.#chosen = null;
    this.#root.hidden = false;
    this.#tell();
    this.#fill('unusual', this.#placed.unusual, (place) => this.#unusualRow(place));
    this.#fill('images', [...this.#placed.byImage], (entry) => this.#imageRow(...entry));
    this.#plot();
  }

  #tell() {
    const { places, unusual } = /** @type {Placed} */ (this.#placed);
    const { tail, nPeers, peers } = /** @type {Comparison} */ (this.#asked);
    const expected = told(Math.round((places.length * tail * 2) / 100));
    const whom = `${told(nPeers)} images${peers ? ` of ${peers}` : ''}`;
    this.#part('verdict').textContent =
      `${told(unusual.length)} of your ${told(places.length)} values lie within ${tail} % of either` +
      ` end of ${whom}; by chance it would be ${expected}.`;
  }

  /**
   * Fill a table with the first rows, and let a button add more.
   *
   * @template T
   * @param {string} name
   * @param {T[]} items
   * @param {(item: T) => HTMLTableRowElement} row
   */
  #fill(name, items, row) {
    const body = this.#part(name);
    const more = this.#part(`more-${name}`);
    let shown = 0;
    const add = () => {
      body.append(...items.slice(shown, shown + STEP).map(row));
      shown += STEP;
      more.hidden = shown >= items.length;
      more.textContent = `Show more (${told(Math.max(0, items.length - shown))} left)`;
    };
    body.replaceChildren();
    more.onclick = add;
    add();
    this.#part(`no-${name}`).hidden = items.length > 0;
  }

  /** @param {Place} place */
  #unusualRow(place) {
    const row = document.createElement('tr');
    row.className = place.tone;
    row.append(
      cell('th', place.image.name, { scope: 'row' }),
      cell('td', place.iqm.name, { title: place.iqm.meaning }),
      cell('td', short(place.value), { className: 'number' }),
      cell('td', percentText(place.percent), { className: 'number' }),
      cell('td', distanceText(place.distance), { className: 'number' }),
      cell('td', wordsOf(place)),
    );
    return row;
  }

  /**
   * @param {StudyImage} image
   * @param {Place[]} unusual
   */
  #imageRow(image, unusual) {
    const row = document.createElement('tr');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'small';
    button.textContent = 'Show in the plots';
    button.setAttribute('aria-label', `Show ${image.name} in the plots`);
    button.setAttribute('aria-pressed', String(image === this.#chosen));
    button.addEventListener('click', () => this.#choose(image, button));
    const last = document.createElement('td');
    last.append(button);
    const names = unusual.slice(0, 4).map((place) => place.iqm.name);
    const rest = unusual.length > 4 ? `, and ${unusual.length - 4} more` : '';
    row.append(
      cell('th', image.name, { scope: 'row' }),
      cell('td', String(unusual.length), { className: 'number' }),
      cell('td', names.join(', ') + rest),
      last,
    );
    return row;
  }

  /**
   * @param {StudyImage} image
   * @param {HTMLButtonElement} button
   */
  #choose(image, button) {
    this.#chosen = this.#chosen === image ? null : image;
    for (const other of this.#part('images').querySelectorAll('[aria-pressed="true"]'))
      other.setAttribute('aria-pressed', 'false');
    button.setAttribute('aria-pressed', String(this.#chosen === image));
    this.#plot();
  }

  /** Make a place for each plot, and draw those that come into view. */
  #plot() {
    const { kind, populations } = /** @type {Comparison} */ (this.#asked);
    const shown = kind.iqms.filter(
      (iqm) => populations.has(iqm.name) && this.#byIqm.has(iqm.name),
    );
    this.#watcher?.disconnect();
    this.#watcher = new IntersectionObserver(
      (seen) => {
        for (const { isIntersecting, target } of seen)
          if (isIntersecting) this.#draw(/** @type {HTMLElement} */ (target));
      },
      { rootMargin: '400px' },
    );
    const figures = shown.map((iqm) => {
      const figure = document.createElement('figure');
      figure.className = 'strip';
      figure.dataset.iqm = iqm.name;
      const title = cell('h3', iqm.name);
      if (iqm.unit) title.append(' ', cell('small', iqm.unit, { className: 'muted' }));
      title.title = iqm.meaning;
      figure.append(title);
      this.#watcher?.observe(figure);
      return figure;
    });
    this.#part('plots').replaceChildren(...figures);
    this.#part('plots-of').textContent = this.#chosen ? `The mark is ${this.#chosen.name}.` : '';
  }

  /** @param {HTMLElement} figure */
  #draw(figure) {
    const name = figure.dataset.iqm ?? '';
    const population = this.#asked?.populations.get(name);
    const places = this.#byIqm.get(name);
    if (!population || !places || figure.querySelector('svg')) return;
    const chosen = places.find((place) => place.image === this.#chosen) ?? null;
    const own = summary(population, places);
    const words = chosen
      ? `${short(chosen.value)}: ${wordsOf(chosen)}`
      : places.length > 1
        ? `Your median ${short(own.median)} is at percentile ${percentText(own.percent)}`
        : `Yours is ${short(own.median)}, ${wordsOf(places[0])}`;
    figure.append(
      drawStrip(population, places, chosen, `${name}. ${words}.`),
      cell('figcaption', words),
    );
  }

  #unusualTable() {
    const rows = (this.#placed?.unusual ?? []).map((p) => [
      p.image.name,
      p.iqm.name,
      p.value,
      p.percent.toFixed(2),
      p.distance?.toFixed(3),
      wordsOf(p),
    ]);
    return tsv([['image', 'iqm', 'value', 'percentile', 'robust_sd', 'meaning'], ...rows]);
  }

  #wholeTable() {
    const names = [...this.#byIqm.keys()];
    const byImage = Map.groupBy(this.#placed?.places ?? [], (place) => place.image);
    const rows = [...byImage].map(([image, places]) => {
      const found = new Map(places.map((place) => [place.iqm.name, place.percent.toFixed(2)]));
      return [image.name, ...names.map((name) => found.get(name))];
    });
    return tsv([['image', ...names], ...rows]);
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  #save(name, text) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/tab-separated-values' }));
    link.download = `${this.#asked?.kind.name}-${name}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  #part(name) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(`[data-part="${name}"]`));
  }
}

/** @param {number} count */
function told(count) {
  return count.toLocaleString('en');
}

/** @param {number | null} distance */
function distanceText(distance) {
  if (distance === null) return '–';
  if (Math.abs(distance) < MAX_TOLD) return distance.toFixed(1);
  return `${distance < 0 ? '< −' : '> '}${MAX_TOLD}`;
}

/**
 * @param {string} tag
 * @param {string} text
 * @param {Record<string, string>} [properties]
 * @returns {HTMLElement}
 */
function cell(tag, text, properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, properties);
}
