// @ts-check
/**
 * <mriqc-rating md5sum url token modality software version report session face place>
 * rates an image from any page, on disk too. face: simple or detailed;
 * place: inline or float. Without url, ratings are saved as files. ASCII, as any page may hold it.
 *
 * @typedef {{method: string, key: string, body: any, tried?: boolean}} Step one request to make
 * @typedef {{draft?: any, last?: any, id?: string, receipt?: string, steps?: Step[],
 *   refused?: string}} State what the browser keeps of one image
 */
const FACES = {
  simple: { scale: 'v0', from: 0, names: ['Invalid', 'Exclude', 'Usable', 'Good'] },
  detailed: { scale: 'v2', from: 1, names: ['Exclude', 'Poor', 'Acceptable', 'Excellent'] },
};
const ARTIFACTS = {
  'head-motion': 'Head motion',
  'eye-spillover': 'Eye spillover',
  'noneye-spillover': 'Other spillover',
  'coil-failure': 'Coil failure',
  'noise-global': 'Noise, everywhere',
  'noise-local': 'Noise, in places',
  'em-perturbation': 'Electromagnetic interference',
  'wrap-around': 'Wrap-around',
  'ghost-aliasing': 'Aliasing ghosts',
  'ghost-other': 'Other ghosts',
  inu: 'Intensity non-uniformity',
  'field-variation': 'Field variation in time',
  processing: 'Processed image',
  uncategorized: 'Something else',
};
const ABOUT = ['md5sum', 'modality', 'software', 'version', 'report', 'session'];
const PREFIX = 'mriqc-rating:';
const TIMEOUT_MS = 20000;
const FIRST_WAIT_S = 5;
const LONGEST_WAIT_S = 300;

const STYLE = new CSSStyleSheet();
STYLE.replaceSync(`
:host { all: initial; display: block; color-scheme: light dark;
  --text: light-dark(#1b2330, #e4e9f1); --muted: light-dark(#535e6d, #a9b4c3);
  --ground: light-dark(#fff, #1a212c); --line: light-dark(#7d8896, #77838f);
  --c0: light-dark(#b3261e, #f2a19b); --c1: light-dark(#8f5200, #f0bd74);
  --c2: light-dark(#0b5cad, #7cb8f5); --c3: light-dark(#1b6b3a, #86d8a4); --c: var(--c2); }
[hidden] { display: none !important; }
* { box-sizing: border-box; font: inherit; color: inherit; }
section { font: 15px/1.45 system-ui, sans-serif; color: var(--text); background: var(--ground);
  border-radius: 12px; max-width: 26rem; overflow: auto; border: 1px solid var(--muted); }
:host([place=float]) section { position: fixed; z-index: 9999; right: 12px; bottom: 12px;
  width: min(22rem, 100vw - 24px); max-height: calc(100vh - 84px); box-shadow: 0 8px 32px #0005; }
@media print { section { display: none; } }
h2 { margin: 0; }
h2 button { width: 100%; border: 0; outline-offset: -4px !important; padding: 11px 14px;
  text-align: left; font-weight: 650; border-radius: 12px; }
h2 button::after { content: '+'; float: right; }
h2 [aria-expanded=true]::after { content: '\\2212'; }
.form, fieldset { display: grid; gap: 11px; border: 0; margin: 0; padding: 0; min-width: 0; }
.form { padding: 2px 14px 14px; }
fieldset fieldset { gap: 6px; }
legend, b, caption, summary { padding: 0; text-align: left; font-weight: 600; font-size: 14px; }
.four { display: grid; grid-template-columns: repeat(4, auto); gap: 5px; }
button, [type=text], [type=password], textarea, .four > * { padding: 8px; background: none;
  border: 1px solid var(--line); border-radius: 8px; }
.four > * { position: relative; display: grid; justify-items: center; padding: 8px 0 6px;
  font-size: 13px; border-bottom: 4px solid var(--c); }
.four input { position: absolute; inset: 0; opacity: 0; margin: 0; }
kbd, small { font-size: 13px; color: var(--muted); }
.four :is(:has(:checked), [aria-pressed=true]), #main { background: var(--c);
  border-color: var(--c); &, kbd { color: var(--ground); } }
.n0 { --c: var(--c0); } .n1 { --c: var(--c1); } .n3 { --c: var(--c3); }
.row { display: flex; flex-wrap: wrap; gap: 8px; justify-content: space-between; }
.do { justify-content: start; position: sticky; bottom: 0; padding: 6px 0;
  background: var(--ground); }
.do p { flex: 1 0 100%; }
input { accent-color: var(--c); }
[type=range], [type=text], [type=password], textarea { width: 100%; }
[type=range] { height: 24px; margin: 0; }
.unset { opacity: .6; }
.check { display: flex; gap: 8px; align-items: baseline; font-size: 14px; }
button, summary, label { cursor: pointer; }
p { margin: 0; padding: 0 9px; border-left: 4px solid transparent; }
.good { border-color: var(--c3); } .wait { border-color: var(--c1); }
.bad { border-color: var(--c0); }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 4px 2px; border-top: 1px solid #8885; text-align: left; font-weight: 400; }
td { text-align: right; }
:focus-visible, .four :focus-within { outline: 3px solid var(--c2); outline-offset: 2px; }
`);

/** What outlives the page. */
const kept = {
  lasts: true,
  memory: new Map(),
  get(/** @type {string} */ key) {
    try {
      if (!this.memory.has(key)) return JSON.parse(localStorage.getItem(PREFIX + key) ?? 'null');
    } catch {
      this.lasts = false;
    }
    return this.memory.get(key);
  },
  set(/** @type {string} */ key, /** @type {any} */ value) {
    try {
      localStorage.setItem(PREFIX + key, JSON.stringify(value));
    } catch {
      this.lasts = false;
      this.memory.set(key, structuredClone(value));
    }
  },
  /** Images of one service. */
  images(/** @type {string} */ root) {
    const start = `${PREFIX}${root} `;
    const all = this.lasts ? Object.keys(localStorage) : [];
    return all.filter((key) => key.startsWith(start)).map((key) => key.slice(PREFIX.length));
  },
};

/** Makes a node; `on...` listens, the rest are attributes. @returns {any} */
function el(/** @type {string} */ tag, /** @type {any} */ given = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...inside);
  return node;
}

function button(/** @type {string} */ words, /** @type {() => void} */ onclick) {
  return el('button', { type: 'button', onclick }, words);
}

/** 128 random bits, in any page. */
function newKey() {
  return crypto.getRandomValues(new Uint32Array(4)).reduce((key, n) => key + n.toString(36), 'w');
}

/** Why a request failed. Going on `again` after s, or another `token`, may help. */
const failure = (/** @type {string} */ words, /** @type {any} */ more = {}) =>
  Object.assign(new Error(words), { isFailure: true }, more);

/** Asks for JSON. @param {string} root @param {string} path @param {any} [options] */
async function ask(root, path, options) {
  const { host } = new URL(root);
  let answer;
  try {
    answer = await fetch(root + path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    const why = `${host} cannot be reached: it is down, or its address is wrong.`;
    throw failure(navigator.onLine ? why : 'No network.', { again: 0 });
  }
  const said = await answer.json().catch(() => null);
  if (answer.ok && said) return said;
  const { status } = answer;
  if (options?.method === 'PATCH' && [403, 404].includes(status)) {
    throw failure(`${host} lacks this rating now. Submit it anew.`, { isGone: true });
  }
  if (status === 401 || status === 403) {
    const why = status === 401 ? 'does not know this token' : 'lets this token rate nothing';
    throw failure(`${host} ${why}. Ask those who run it for one, and enter it.`, { token: true });
  }
  if (status < 400 || status === 408 || status === 429 || status >= 500) {
    const again = Number(answer.headers.get('Retry-After')) || 0;
    throw failure(`${host} cannot take it now (${status}).`, { again });
  }
  if (status === 404 || status === 405) {
    throw failure(`${host} takes no ratings there: is the --url right? You can save a file.`);
  }
  const why = `${said?.detail} ${JSON.stringify(said?.issues ?? '')}`;
  throw failure(`${host} refused it (${status}): ${why} Change it and submit again.`);
}

class Rating extends HTMLElement {
  #isSimple = this.getAttribute('face') !== 'detailed';
  #face = FACES[this.#isSimple ? 'simple' : 'detailed'];
  /** By name. @type {any} */
  #part = {};
  /** The choice, as sent. @type {string | null} */
  #value = null;
  #words = '';
  #isSure = false;
  #ms = 0;
  #since = 0;
  #wait = FIRST_WAIT_S;
  #timer = 0;
  #isBusy = false;
  #gone = new AbortController();

  connectedCallback() {
    if (!this.shadowRoot) this.#build();
    const { signal } = (this.#gone = new AbortController());
    this.#since = document.hidden ? 0 : performance.now();
    addEventListener('visibilitychange', () => this.#onVisibility(), { signal });
    addEventListener('keydown', (event) => this.#onKey(event), { signal });
    addEventListener('online', () => this.#flush(), { signal });
    addEventListener('pagehide', () => this.#keepDraft(), { signal });
    this.#show();
    this.#flush();
  }

  disconnectedCallback() {
    this.#gone.abort();
    clearTimeout(this.#timer);
  }

  get #root() {
    const url = this.getAttribute('url') ?? '';
    return /^https?:/.test(url) ? url.replace(/\/+$/, '') : '';
  }

  get #key() {
    return `${this.#root} ${this.getAttribute('md5sum')}`;
  }

  /** @returns {State} */
  get #state() {
    return kept.get(this.#key) ?? {};
  }

  #keep(/** @type {State} */ changes, key = this.#key) {
    kept.set(key, { ...kept.get(key), ...changes });
  }

  #build() {
    const part = this.#part;
    const fold = (isOpen) => {
      part.form.hidden = !isOpen;
      part.toggle.setAttribute('aria-expanded', isOpen);
    };
    part.toggle = button('Rate this image ', () => {
      fold(part.form.hidden);
      part.fields.querySelector('input').focus();
    });
    part.toggle.append(el('small', {}, this.getAttribute('modality') ?? ''));
    part.status = el('p', { role: 'status' });
    part.name = el('input', { type: 'text', autocomplete: 'name' });
    part.comment = el('textarea', { rows: 2, maxlength: 10000 });
    part.token = el('input', { type: 'password', autocomplete: 'off' });
    part.askToken = el('label', {}, el('b', {}, 'Token'), part.token);
    part.submit = button('Submit', () => this.#submit());
    part.submit.id = 'main';
    part.undo = button('', () => this.#undo());
    part.retry = button('Try now', () => this.#flush());
    part.save = button('Save as file', () => this.#download());
    part.counts = el('div');
    const more = () => [this.#slider(), this.#artifacts(), this.#confidence()];
    part.fields = el('fieldset', {}, ...(this.#isSimple ? [this.#choices()] : more()),
      el('label', {}, el('b', {}, 'Name'), part.name),
      el('label', {}, el('b', {}, 'Comments'), part.comment));
    // no <form>: sandboxes may forbid those
    part.form = el('div', { class: 'form', oninput: () => this.#keepDraft() },
      part.fields, part.askToken,
      el('div', { class: 'row do' }, part.status, part.submit, part.undo, part.retry, part.save),
      part.counts, this.#keys());
    const shadow = this.attachShadow({ mode: 'open' });
    shadow.adoptedStyleSheets = [STYLE];
    const inside = [el('h2', {}, part.toggle), part.form];
    shadow.append(el('section', { 'aria-label': 'Image rating' }, ...inside));
    fold(this.getAttribute('place') !== 'float' || innerWidth >= 700);
    this.#fill(this.#state.draft ?? this.#state.last ?? {});
  }

  #four(make) {
    return el('div', { class: 'four' }, ...this.#face.names.map((name, i) =>
      make(i, name, el('kbd', { 'aria-hidden': 'true' }, i + 1))));
  }

  #choices() {
    const radios = (this.#part.radios = []);
    const four = this.#four((i, ...inside) => {
      radios[i] = el('input', { type: 'radio', name: 'rating', onchange: () => this.#choose(i) });
      return el('label', { class: `n${i}` }, radios[i], ...inside);
    });
    return el('fieldset', {}, el('legend', {}, 'Quality of the image'), four);
  }

  #range(title, words, min, oninput) {
    const said = el('span');
    const about = { type: 'range', min, max: 4, step: 0.05, 'aria-label': `${title}, ${words}` };
    const range = el('input', { ...about, oninput });
    const row = el('div', { class: 'row' }, el('b', { 'aria-hidden': 'true' }, title), said);
    return { said, range, rows: [row, range] };
  }

  #slider() {
    const part = this.#part;
    part.quality = this.#range('Overall quality', 'from 1 to 4', 1, () => this.#choose());
    const four = this.#four((i, ...inside) => {
      const named = button('', () => this.#choose(i));
      named.className = `n${i}`;
      named.append(...inside);
      return named;
    });
    part.buttons = [...four.children];
    return el('fieldset', { 'aria-label': 'Overall quality' }, ...part.quality.rows, four);
  }

  #artifacts() {
    const isStill = /^T[12]w$/.test(this.getAttribute('modality') ?? '');
    const rows = Object.entries(ARTIFACTS)
      .filter(([flag]) => !(isStill && flag === 'field-variation'))
      .map(([flag, words]) => el('label', { class: 'check' },
        el('input', { type: 'checkbox', name: flag, onchange: () => this.#count() }), words));
    this.#part.flags = rows.map((row) => row.firstChild);
    this.#part.flagged = el('summary');
    const all = el('fieldset', { 'aria-label': 'Artifacts' }, ...rows);
    return el('details', {}, this.#part.flagged, all);
  }

  #confidence() {
    const set = () => this.#setSure(Number(sure.range.value));
    const sure = this.#range('Your confidence', 'from 0, doubtful, to 4, confident', 0, set);
    this.#part.sure = sure;
    return el('fieldset', { 'aria-label': 'Your confidence' }, ...sure.rows);
  }

  #keys() {
    const box = el('input', { type: 'checkbox', onchange: () => kept.set('keys', box.checked) });
    box.checked = kept.get('keys') ?? true;
    this.#part.keys = box;
    return el('details', {}, el('summary', {}, 'Keys'),
      el('small', {}, '1 to 4 choose, left and right adjust, Enter submits, u takes back.'),
      el('label', { class: 'check' }, box, 'They work anywhere on this page'));
  }

  /** Takes one of the four, or the slider's value. */
  #choose(i = NaN) {
    const { fields, quality } = this.#part;
    if (fields.hidden) return;
    this.#value = i >= 0 ? String(this.#face.from + i) : quality.range.value;
    this.#mark();
    this.#keepDraft();
  }

  #setSure(value) {
    const { range, said } = this.#part.sure;
    this.#isSure = value != null;
    range.value = value ?? 2;
    range.className = value == null ? 'unset' : '';
    said.textContent = value == null ? 'not given' : value.toFixed(2);
    range.setAttribute('aria-valuetext', said.textContent);
  }

  /** Shows the choice. */
  #mark() {
    const { radios, quality, buttons } = this.#part;
    const score = this.#value == null ? NaN : Number(this.#value);
    const { names } = this.#face;
    if (this.#isSimple) {
      this.#words = names[score];
      radios.forEach((radio, i) => (radio.checked = i === score));
      if (this.shadowRoot?.activeElement?.matches('[type=radio]')) radios[score]?.focus();
      return;
    }
    const band = score < 1.5 ? 0 : score < 2.5 ? 1 : score <= 3.5 ? 2 : score <= 4 ? 3 : -1;
    if (band >= 0) this.#value = score.toFixed(2);
    const { range, said } = quality;
    range.value = this.#value ?? 2.5;
    range.className = band < 0 ? 'unset' : `n${band}`;
    said.textContent = band < 0 ? 'not rated yet' : `${this.#value} ${names[band]}`;
    range.setAttribute('aria-valuetext', (this.#words = said.textContent));
    buttons.forEach((button, i) => button.setAttribute('aria-pressed', i === band));
  }

  #count() {
    const n = this.#part.flags.filter((box) => box.checked).length;
    this.#part.flagged.textContent = n ? `Artifacts (${n})` : 'Artifacts';
  }

  #fill(given) {
    const part = this.#part;
    const draft = given.scale === this.#face.scale ? given : {};
    this.#value = draft.rating ?? null;
    this.#ms ||= (draft.time_s ?? 0) * 1000;
    part.comment.value = draft.comment ?? '';
    part.name.value = draft.name || kept.get('name') || '';
    if (!this.#isSimple) {
      for (const box of part.flags) box.checked = draft.artifacts?.includes(box.name) ?? false;
      this.#count();
      this.#setSure(draft.confidence ?? null);
    }
    this.#mark();
  }

  /** The rating as it is sent. */
  #read() {
    const part = this.#part;
    this.#tick();
    const about = ABOUT.map((name) => [name, this.getAttribute(name) || undefined]);
    const found = {
      ...Object.fromEntries(about), rating: this.#value, scale: this.#face.scale,
      name: part.name.value.trim(), comment: part.comment.value.trim(),
      time_s: Math.round(this.#ms / 100) / 10,
    };
    if (this.#isSimple) return found;
    const artifacts = part.flags.filter((box) => box.checked).map((box) => box.name);
    const confidence = this.#isSure ? Number(part.sure.range.value) : undefined;
    return { ...found, artifacts, confidence };
  }

  #keepDraft() {
    kept.set('name', this.#part.name.value.trim());
    if (!this.#part.fields.hidden) this.#keep({ draft: this.#read() });
  }

  /** Counts the time that the form is seen. */
  #tick() {
    const now = performance.now();
    if (this.#since && !this.#part.fields.hidden) this.#ms += now - this.#since;
    this.#since = document.hidden ? 0 : now;
  }

  #onVisibility() {
    this.#tick();
    if (document.hidden) this.#keepDraft();
    else this.#flush();
  }

  #onKey(/** @type {KeyboardEvent} */ event) {
    const at = /** @type {any} */ (event.composedPath()[0]);
    const { form, keys, comment } = this.#part;
    const isOurs = form.contains(at);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (form.hidden || !(isOurs || keys.checked) || at.isContentEditable) return;
    const isWritten = 'textarea, select, input:not([type=range], [type=radio], [type=checkbox])';
    const isPressed = 'button, a, summary, [role=button]';
    if (at.matches?.(isWritten) && (event.key !== 'Enter' || !isOurs || at === comment)) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (/^[1-4]$/.test(event.key)) this.#choose(Number(event.key) - 1);
    else if (event.key === 'u') this.#undo();
    else if (event.key === 'Enter' && !at.matches?.(isPressed)) this.#submit();
    else if (step && !at.matches?.('input')) this.#nudge(step);
    else return;
    event.preventDefault();
  }

  #nudge(step) {
    const { range } = this.#part.quality ?? {};
    if (range) range.value = Number(range.value) + step * 0.05;
    this.#choose(range ? NaN : Math.min(3, Math.max(0, Number(this.#value ?? -step) + step)));
  }

  #submit() {
    const part = this.#part;
    if (part.token.value) kept.set(`token ${this.#root}`, part.token.value.trim());
    if (part.fields.hidden) return this.#flush();
    const whole = this.#read();
    if (whole.rating == null) {
      (part.radios?.[0] ?? part.quality.range).focus();
      return this.#tell('bad', 'Choose one of the four first: click it, or press 1 to 4.');
    }
    if (!this.#root) return this.#download();
    const { steps = [], id } = this.#state;
    const method = id || steps.length ? 'PATCH' : 'POST';
    steps.push({ method, key: newKey(), body: whole });
    this.#keep({ steps, last: whole, draft: undefined, refused: undefined });
    this.#show();
    this.#flush();
  }

  /** Clears a draft, takes back what was not tried, opens what was. */
  #undo() {
    const { steps = [], id, last = {} } = this.#state;
    if (!this.#part.fields.hidden) {
      this.#fill(id || steps.length ? last : {});
      this.#keep({ draft: undefined });
      this.#show();
      return;
    }
    const isUntried = steps.length && !steps.at(-1)?.tried;
    if (isUntried) steps.pop();
    this.#keep({ steps, draft: this.#read() });
    this.#show();
    this.#part.fields.querySelector('input').focus();
    this.#tell('', isUntried ? 'Taken back, nothing was sent.' : 'The newest rating counts.');
  }

  /** Sends what waits for this service, this image's first. */
  async #flush() {
    if (this.#isBusy || !this.#root) return;
    this.#isBusy = true;
    clearTimeout(this.#timer);
    try {
      for (const key of new Set([this.#key, ...kept.images(this.#root)])) await this.#send(key);
      this.#wait = FIRST_WAIT_S;
    } catch (error) {
      this.#explain(error);
    }
    this.#isBusy = false;
  }

  async #send(key) {
    const isOwn = key === this.#key;
    const read = () => /** @type {State} */ (kept.get(key) ?? {});
    for (let { steps = [] } = read(); steps.length && !read().refused; { steps = [] } = read()) {
      if (isOwn) this.#tell('', 'Sending ...');
      steps[0].tried ||= navigator.onLine; // it may arrive
      this.#keep({ steps }, key);
      try {
        const { id, receipt = read().receipt } = await this.#deliver(steps[0], read());
        const rest = read().steps?.filter((step) => step.key !== steps[0].key); // tabs share it
        this.#keep({ id, receipt, steps: rest }, key);
      } catch (error) {
        if (!error.isFailure || 'again' in error || 'token' in error) throw error;
        const lost = error.isGone && { id: '' };
        this.#keep({ refused: error.message, draft: read().last, steps: [], ...lost }, key);
      }
      if (isOwn) this.#show();
    }
  }

  /** @param {Step} step @param {State} state */
  #deliver({ method, key, body }, { id, receipt }) {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key };
    const token = kept.get(`token ${this.#root}`) ?? this.getAttribute('token');
    if (method === 'PATCH') headers.Receipt = receipt;
    else if (token) headers.Authorization = token;
    const path = `/api/v2/ratings${method === 'PATCH' ? `/${id}` : ''}`;
    return ask(this.#root, path, { method, headers, body: JSON.stringify(body) });
  }

  /** Tells why it waits; sets the next try. */
  #explain(/** @type {any} */ error) {
    if (!error.isFailure) throw error;
    const isWaiting = this.#state.steps?.length;
    if ('token' in error) {
      if (!isWaiting) return;
      this.#part.askToken.hidden = this.#part.submit.hidden = false;
      return this.#tell('bad', error.message);
    }
    const wait = error.again || this.#wait;
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_S);
    this.#timer = setTimeout(() => this.#flush(), wait * 1000);
    if (!isWaiting) return;
    const where = kept.lasts
      ? 'Your rating waits in this browser, also when it is closed.'
      : 'This browser keeps nothing: leave it open, or save a file.';
    const next = navigator.onLine ? `Next try in ${wait} s.` : '';
    this.#tell('wait', `${error.message} ${where} ${next}`);
    this.#part.retry.hidden = !navigator.onLine;
  }

  #download() {
    const file = new Blob([JSON.stringify(this.#read(), null, 1)], { type: 'application/json' });
    const name = this.getAttribute('report') ?? this.getAttribute('md5sum') ?? 'image';
    const href = URL.createObjectURL(file);
    el('a', { href, download: `${name.replace(/\.html?$/, '')}_rating.json` }).click();
    this.#tell('good', 'Saved as a file.');
  }

  #tell(/** @type {string} */ kind, /** @type {string} */ words) {
    this.#part.status.className = kind;
    this.#part.status.textContent = words;
  }

  /** Shows the state. */
  #show() {
    const part = this.#part;
    const { steps = [], id, draft, refused } = this.#state;
    const isSent = id && !steps.length;
    const isOpen = Boolean(draft) || !(id || steps.length);
    this.#tick();
    part.fields.hidden = !isOpen;
    part.askToken.hidden = part.retry.hidden = true;
    part.submit.hidden = !isOpen;
    part.save.hidden = isSent && !isOpen;
    part.undo.textContent = isOpen ? 'Undo' : 'Change my rating';
    if (refused) this.#tell('bad', refused);
    else if (isOpen) this.#tell('', draft?.rating ? 'Not submitted yet.' : '');
    else if (isSent) this.#tell('good', `Submitted: ${this.#words}`);
    else this.#tell('wait', 'Waiting');
    if (isSent && !isOpen) this.#showCounts();
  }

  async #showCounts() {
    try {
      const said = await ask(this.#root, `/api/v2/scans/${this.getAttribute('md5sum')}/ratings`);
      this.#part.counts.replaceChildren(this.#table(said));
    } catch {
      this.#part.counts.replaceChildren('How others rated it could not be loaded.');
    }
  }

  #table(said) {
    const { scale, names } = this.#face;
    const rows = new Map(names.map((name) => [name, 0]));
    for (const { scale: other, label, n } of said.labels) {
      const isAlike = (other === 'v0') === (scale === 'v0'); // v1 and v2 have the same names
      const name = label[0].toUpperCase() + label.slice(1) + (isAlike ? '' : ` (${other})`);
      rows.set(name, n + (rows.get(name) ?? 0));
    }
    const lines = Array.from(rows, ([name, n]) =>
      el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, n)));
    const title = `All ratings of this image: ${said.n_ratings}`;
    return el('table', {}, el('caption', {}, title), el('tbody', {}, ...lines));
  }
}

if (!customElements.get('mriqc-rating')) customElements.define('mriqc-rating', Rating);
