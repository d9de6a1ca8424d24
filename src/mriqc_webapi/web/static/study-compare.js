// @ts-check
/**
 * `<study-compare>`: somebody's own study over the archive. Its files are read here and go nowhere:
 * all that is asked of the service is which scanners there are, and one table of percentiles per
 * kind of image and group of peers, which are the same for everybody who asks.
 */
import { filesOf } from './dropped-files.js';
import { StudyResults } from './study-results.js';
import { MAX_BYTES, readStudy } from './study-reader.js';
import { populationsOf } from './study-placing.js';

/** @typedef {import('./study-reader.js').Kind} Kind */
/** @typedef {import('./study-reader.js').Study} Study */

const PEER_FIELDS = ['vendor', 'field_strength', 'epoch'];
const WORDS = { field_strength: (/** @type {string} */ value) => `${value} T` };

class StudyCompare extends HTMLElement {
  /** @type {Kind[]} */ #kinds = [];
  /** @type {Study} */ #study = { images: [], skipped: [], complaints: [] };
  /** @type {Map<string, Promise<any>>} */ #answers = new Map();
  /** @type {StudyResults | null} */ #results = null;
  #asked = 0;

  connectedCallback() {
    this.#kinds = JSON.parse(this.#part('catalogue').textContent ?? '[]');
    this.#results = new StudyResults(this.#part('results'));
    this.#part('chooser').hidden = false;
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (name === 'tail' || name === 'view') choose(this.#field(name), value);
    }
    for (const name of ['files', 'folder']) {
      const input = /** @type {HTMLInputElement} */ (this.#part(name));
      input.addEventListener('change', () =>
        this.#load([...(input.files ?? [])]).then(() => (input.value = '')),
      );
    }
    const zone = this.#part('chooser');
    zone.addEventListener('dragover', (event) => event.preventDefault());
    zone.addEventListener('dragenter', () => zone.classList.add('over'));
    zone.addEventListener('dragleave', () => zone.classList.remove('over'));
    zone.addEventListener('drop', (event) => this.#drop(event));
    this.#form.addEventListener('change', () => this.#compare());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#compare();
    });
  }

  /** @param {DragEvent} event */
  async #drop(event) {
    event.preventDefault();
    this.#part('chooser').classList.remove('over');
    const items = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.());
    const files = [...(event.dataTransfer?.files ?? [])];
    const found = items.some(Boolean) ? (await Promise.all(items.map(filesOf))).flat() : files;
    await this.#load(found);
  }

  /** @param {File[]} files */
  async #load(files) {
    if (files.length === 0) return;
    if (files.reduce((sum, file) => sum + file.size, 0) > 4 * MAX_BYTES) {
      this.#say(
        'This is more than 2 GB: leave the images out, their JSON files and tables are enough.',
        'bad',
      );
      return;
    }
    this.#say(`Reading ${files.length.toLocaleString('en')} files …`);
    const study = await readStudy(files, this.#kinds, (done, all) => {
      if (all > 50)
        this.#say(`Reading: ${done.toLocaleString('en')} of ${all.toLocaleString('en')} …`);
    });
    if (study.images.length === 0) {
      this.#say(nothingFound(study), 'bad');
      return;
    }
    this.#study = study;
    this.#part('chooser').classList.add('done');
    this.#offerKinds();
    await this.#compare();
  }

  #offerKinds() {
    const counts = new Map();
    for (const image of this.#study.images)
      counts.set(image.kind, (counts.get(image.kind) ?? 0) + 1);
    const guessed = this.#study.images.find((image) => image.isGuess);
    const rivals = guessed ? rivalsOf(guessed.kind, this.#kinds) : [];
    const names = [...counts.keys(), ...rivals.filter((name) => !counts.has(name))];
    const select = this.#field('resource');
    const before = select.value;
    select.replaceChildren(
      ...names.map((name) =>
        option(name, counts.has(name) ? `${name} (${counts.get(name)})` : name),
      ),
    );
    choose(select, before || (new URLSearchParams(location.search).get('resource') ?? ''));
    this.#form.hidden = false;
    this.#part('guess').hidden = !guessed;
  }

  async #compare() {
    const kind = this.#kinds.find(({ name }) => name === this.#field('resource').value);
    if (!kind) return;
    const turn = (this.#asked += 1);
    this.#say(`Asking for the percentiles of ${kind.name} …`);
    try {
      await this.#offerPeers(kind.name);
      const query = this.#query();
      history.replaceState(
        null,
        '',
        `?${new URLSearchParams({ ...query.state, resource: kind.name })}`,
      );
      const answer = await this.#ask(
        `/api/v2/${encodeURIComponent(kind.name)}/percentiles?${query.asked}`,
      );
      if (turn !== this.#asked) return; // another choice was made since
      this.#show(kind, answer, query);
    } catch (error) {
      if (turn === this.#asked)
        this.#say(error instanceof Error ? error.message : String(error), 'bad');
    }
  }

  /**
   * @param {Kind} kind
   * @param {any} answer
   * @param {{tail: number, state: Record<string, string>}} query
   */
  #show(kind, answer, { tail, state }) {
    const images = this.#study.images.filter(
      (image) =>
        image.kind === kind.name ||
        (image.isGuess && rivalsOf(image.kind, this.#kinds).includes(kind.name)),
    );
    const populations = populationsOf(answer);
    if (populations.size === 0) {
      this.#results?.hide();
      this.#say(
        `No support: ${answer.n_used} images of the archive are such peers. Choose a wider group.`,
        'warn',
      );
      return;
    }
    const peers = PEER_FIELDS.filter((name) => state[name]).map((name) =>
      titleOf(name, state[name]),
    );
    this.#results?.show({
      images,
      kind,
      populations,
      tail,
      nPeers: answer.n_used,
      peers: peers.join(', '),
    });
    const left = this.#study.skipped.length + this.#study.complaints.length;
    const [own, all] = [images.length, answer.n_used].map((n) => n.toLocaleString('en'));
    const also = left
      ? ` ${left.toLocaleString('en')} files were left out: ${leftOut(this.#study)}`
      : '';
    this.#say(`${own} ${kind.name} images of yours over ${all} of the archive.${also}`, 'good');
  }

  /** @param {string} kind */
  async #offerPeers(kind) {
    const told = await this.#ask(
      `/api/v2/${encodeURIComponent(kind)}/facets?fields=${PEER_FIELDS}&limit=50`,
    );
    const wanted = new URLSearchParams(location.search);
    for (const { field, values } of told.facets) {
      const select = this.#field(field);
      const before = select.options.length > 1 ? select.value : (wanted.get(field) ?? '');
      const offered = values.map((/** @type {any} */ v) =>
        option(
          String(v.value),
          `${titleOf(field, String(v.value))} (${v.n.toLocaleString('en')})`,
        ),
      );
      select.replaceChildren(option('', 'any'), ...offered);
      choose(select, before);
    }
  }

  #query() {
    /** @type {Record<string, string>} */
    const state = {};
    /** @type {Record<string, string | number>} */
    const where = {};
    for (const name of PEER_FIELDS) {
      const value = this.#field(name).value;
      if (value === '') continue;
      state[name] = value;
      where[name] = name === 'field_strength' ? Number(value) : value;
    }
    const view = this.#field('view').value;
    const tail = this.#field('tail').value;
    if (view !== 'canonical') state.view = view;
    state.tail = tail;
    const asked = new URLSearchParams({ view });
    if (Object.keys(where).length > 0) asked.set('where', JSON.stringify(where));
    return { state, asked, tail: Number(tail) };
  }

  /**
   * @param {string} path
   * @returns {Promise<any>}
   */
  #ask(path) {
    let answer = this.#answers.get(path);
    if (!answer) {
      answer = fetchJson(path);
      answer.catch(() => this.#answers.delete(path));
      this.#answers.set(path, answer);
    }
    return answer;
  }

  /**
   * @param {string} words
   * @param {string} [tone]
   */
  #say(words, tone = '') {
    const status = this.#part('status');
    status.textContent = words;
    status.className = `notice ${tone}`;
    status.hidden = false;
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (this.#part('peers'));
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem(name));
  }

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  #part(name) {
    return /** @type {HTMLElement} */ (this.querySelector(`[data-part="${name}"]`));
  }
}

/** @param {string} path */
async function fetchJson(path) {
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: 'application/json' } });
  } catch {
    throw new Error(
      'The service cannot be reached. Your files are still here: try again when the network is back.',
    );
  }
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  const when = answer.headers.get('Retry-After');
  const hint = when ? `: try again in ${when} s` : '';
  throw new Error(`${problem.detail ?? `The service answered ${answer.status}`}${hint}.`);
}

/** @param {Study} study */
function nothingFound(study) {
  const what = study.complaints.length ? ` ${study.complaints.slice(0, 3).join('; ')}.` : '';
  return (
    `No image quality metrics in there.${what} Give an MRIQC group table (group_T1w.tsv), the JSON` +
    ' files that MRIQC writes for each image, or a folder or ZIP archive of these.'
  );
}

/** @param {Study} study */
function leftOut(study) {
  const names = [
    ...study.complaints,
    ...study.skipped.map((name) => `${name}: no image quality metrics`),
  ];
  const more = names.length > 3 ? '; …' : '.';
  return names.slice(0, 3).join('; ') + more;
}

/**
 * Name the kinds that demand the same IQMs as another.
 *
 * @param {string} name
 * @param {Kind[]} kinds
 */
function rivalsOf(name, kinds) {
  const own = kinds
    .find((kind) => kind.name === name)
    ?.required.toSorted()
    .join();
  return kinds
    .filter((kind) => kind.name !== name && kind.required.toSorted().join() === own)
    .map((kind) => kind.name);
}

/**
 * Choose an option, if it is offered.
 *
 * @param {HTMLSelectElement} select
 * @param {string} value
 */
function choose(select, value) {
  if ([...select.options].some((offered) => offered.value === value)) select.value = value;
}

/**
 * @param {string} field
 * @param {string} value
 */
function titleOf(field, value) {
  return field === 'field_strength' ? WORDS.field_strength(value) : value;
}

/**
 * @param {string} value
 * @param {string} title
 */
function option(value, title) {
  return new Option(title, value);
}

customElements.define('study-compare', StudyCompare);
