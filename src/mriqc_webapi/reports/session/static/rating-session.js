import './rating-form.js';
import './report-stage.js';

/**
 * @typedef {import('./report-stage.js').Item & {
 *   modality: string | null, score: string | null, grade: string | null,
 *   is_there: boolean, is_linked: boolean,
 * }} Item
 * @typedef {import('./rating-form.js').Said} Said
 * @typedef {{n_items: number, n_rated: number, median_s: number | null, remaining_s: number | null}} Progress
 * @typedef {{
 *   url: string | null, state: string, n_sent: number, n_waiting: number, n_refused: number,
 *   n_unlinked: number, problem: string | null,
 * }} Delivery
 * @typedef {{
 *   root: string, borders: number[], grades: string[], items: Item[],
 *   said: Record<number, Partial<Said>>, progress: Progress, delivery: Delivery,
 * }} State
 */

const DRAFT_DELAY_MS = 600;
const LOOK_EVERY_MS = 5000;
const SHOWN = 'report-shown'; // a performance measure: from the key to the report painted
/** @type {Record<string, import('./report-stage.js').Step>} */
const SCROLLS = {
  ArrowUp: 'up', ArrowDown: 'down', PageUp: 'page-up', PageDown: 'page-down',
  ' ': 'page-down', Home: 'start', End: 'end',
};
const GONE = 'Not saved: the program does not answer. If it was stopped, start it again; until then this page keeps what you entered.';

/** The session: keys, the way through the queue, and what is sent to the program. */
class RatingSession extends HTMLElement {
  connectedCallback() {
    /** @type {State} */
    this.state = JSON.parse(this.#one('[data-state]').textContent);
    this.position = Number(this.dataset.position);
    this.stage = /** @type {import('./report-stage.js').ReportStage} */ (this.#one('report-stage'));
    this.form = /** @type {import('./rating-form.js').RatingForm} */ (this.#one('rating-form'));
    this.form.grades = this.state.grades;
    this.form.borders = this.state.borders;
    /** @type {{id: string, body: string, said: string} | null} what was sent, but not answered */
    this.unanswered = null;
    this.isBusy = false;
    this.isDirty = false;
    this.shownFor_ms = 0;
    this.visibleSince = document.hidden ? null : performance.now();
    document.documentElement.classList.add('has-script');
    this.#listen();
    this.#present(performance.now());
  }

  #listen() {
    this.#one('form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit(event.timeStamp);
    });
    this.form.addEventListener('rating-changed', () => this.#keepDraft());
    this.stage.addEventListener('report-left', (event) => this.#sayLeft(event));
    this.addEventListener('click', (event) => this.#act(event));
    document.addEventListener('keydown', (event) => this.#onKey(event));
    document.addEventListener('visibilitychange', () => this.#keepTime());
    window.addEventListener('popstate', (event) => {
      if (event.state) this.#goTo(event.state.position, event.timeStamp, { isBack: true });
    });
    window.addEventListener('pagehide', () => this.#saveDraft());
    history.replaceState({ position: this.position }, '');
    setInterval(() => this.#showTime(), 1000);
    if (this.state.delivery.url !== null) setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  // --- keys and buttons

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (this.#dialog.open) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const isDone = target instanceof HTMLTextAreaElement
      ? this.#onKeyInComment(event)
      : this.#onKeyInList(event) || this.#onDigit(event) || this.#onPlainKey(event, target);
    if (isDone) event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #onKeyInComment(event) {
    if (event.key === 'Escape') this.form.comment.blur();
    else if (event.key === 'Enter' && !event.shiftKey) this.#submit(event.timeStamp);
    else return false;
    return true;
  }

  /** @param {KeyboardEvent} event */
  #onKeyInList(event) {
    if (!this.form.isListing) return false;
    if (event.key === 'Escape' || event.key === 'a') this.form.listArtifacts(false);
    else return this.form.tick(event.key.toLowerCase());
    return true;
  }

  /** Digits go by their place on the keyboard, whatever a layout needs for them. */
  /** @param {KeyboardEvent} event */
  #onDigit(event) {
    const [, row, digit] = /^(Digit|Numpad)([0-4])$/.exec(event.code) ?? [];
    if (!digit) return false;
    if (event.shiftKey && row === 'Digit') this.form.confide(Number(digit));
    else if (digit !== '0') this.form.grade(Number(digit));
    else return false;
    return true;
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement} target
   */
  #onPlainKey(event, target) {
    const { key, timeStamp } = event;
    const isInput = target instanceof HTMLInputElement;
    if (key === 'Enter') {
      if (target.matches('button, a, summary') || event.repeat) return false;
      this.#submit(timeStamp);
    } else if (key === 'ArrowLeft' || key === 'ArrowRight') {
      if (isInput) return false; // a radio button or the slider itself
      this.form.step(key === 'ArrowLeft' ? -1 : 1);
    } else if (Object.hasOwn(SCROLLS, key)) {
      if (isInput || (key === ' ' && target.matches('button, a, summary'))) return false;
      this.stage.scrollReport(event.shiftKey && key === ' ' ? 'page-up' : SCROLLS[key]);
    } else if (Object.hasOwn(this.#acts, key)) {
      if (!event.repeat) this.#acts[key](timeStamp);
    } else return false;
    return true;
  }

  /** @type {Record<string, (timeStamp: number) => void>} */
  #acts = {
    n: (at) => this.#move(1, at),
    p: (at) => this.#move(-1, at),
    u: (at) => this.#undo(at),
    a: () => this.form.listArtifacts(true),
    c: () => this.form.comment.focus(),
    o: () => location.assign(`${this.state.root}/overview`),
    '?': () => this.#dialog.showModal(),
  };

  /** @param {MouseEvent} event */
  #act(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest('[data-act]');
    const key = { help: '?', previous: 'p', next: 'n', undo: 'u' }[button?.dataset.act];
    if (key) this.#acts[key](event.timeStamp);
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (this.#one('dialog'));
  }

  // --- the way through the queue

  get item() {
    return this.state.items[this.position];
  }

  /**
   * @param {number} step 1 or -1
   * @param {number} startedAt
   */
  #move(step, startedAt) {
    const { items } = this.state;
    for (let i = 1; i < items.length; i += 1) {
      const position = (this.position + step * i + i * items.length) % items.length;
      if (items[position].is_there) {
        this.#goTo(position, startedAt);
        return;
      }
    }
  }

  /**
   * @param {number | null} position null: there is nothing more to rate
   * @param {number} startedAt
   * @param {{isBack?: boolean}} how
   */
  #goTo(position, startedAt, { isBack = false } = {}) {
    this.#saveDraft();
    if (position === null) {
      location.assign(`${this.state.root}/summary`);
      return;
    }
    this.position = position;
    if (!isBack) history.pushState({ position }, '', `${this.state.root}/reports/${position}`);
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    this.#present(startedAt);
  }

  /** @param {number} startedAt when the key went down */
  async #present(startedAt) {
    const { item } = this;
    this.unanswered = null;
    this.isDirty = false;
    this.shownFor_ms = 0;
    this.visibleSince = document.hidden ? null : performance.now();
    this.form.value = this.state.said[item.position] ?? {};
    this.#showItem();
    await this.stage.show(item);
    if (this.position !== item.position) return;
    performance.measure(SHOWN, { start: startedAt, detail: { position: item.position } });
    this.dataset.shown = String(item.position);
    this.#sayUnlinked(item);
    const following = this.#nextUnrated();
    if (following !== null) this.stage.prepare(this.state.items[following]);
  }

  #nextUnrated() {
    const { items } = this.state;
    for (let i = 1; i < items.length; i += 1) {
      const item = items[(this.position + i) % items.length];
      if (item.is_there && item.score === null) return item.position;
    }
    return null;
  }

  // --- what the rater says

  /** @param {number} startedAt */
  async #submit(startedAt) {
    if (this.isBusy) return;
    const said = this.form.value;
    if (said.rating === null) {
      this.#say('alert', 'Choose a grade first: keys 1 to 4, or the slider.');
      return;
    }
    const { position } = this;
    const answer = await this.#send('POST', `reports/${position}/rating`, this.#sealed(said));
    if (answer === null) return;
    this.unanswered = null;
    this.isDirty = false;
    this.#hear(position, answer);
    this.#say('status', `Saved: ${this.state.items[position].title}, ${this.form.gradeOf(Number(said.rating))} ${said.rating}`);
    if (position === this.position) this.#goTo(answer.next, startedAt);
  }

  /**
   * Give a rating its id, which stays while the same is sent again.
   * @param {Said} said
   */
  #sealed(said) {
    const text = JSON.stringify(said);
    if (this.unanswered?.said !== text) {
      const id = crypto.randomUUID();
      this.unanswered = { id, said: text, body: JSON.stringify({ id, ...said, time_s: this.#time_s() }) };
    }
    return this.unanswered.body;
  }

  /** @param {number} startedAt */
  async #undo(startedAt) {
    if (this.isBusy) return;
    const answer = await this.#send('POST', 'undo', '{}');
    if (answer === null) return;
    if (answer.position === null) {
      this.#say('status', 'There is nothing to undo.');
      return;
    }
    this.#hear(answer.position, answer, { isUndone: true });
    this.isDirty = false;
    this.#say('status', `Taken back: ${this.state.items[answer.position].title}`);
    this.#goTo(answer.position, startedAt);
    this.#keepDraft();
  }

  /**
   * @param {number} position
   * @param {{said: Partial<Said>, progress: Progress, delivery: Delivery}} answer
   * @param {{isUndone?: boolean}} how
   */
  #hear(position, answer, { isUndone = false } = {}) {
    const item = this.state.items[position];
    this.state.said[position] = answer.said;
    item.score = isUndone ? null : answer.said.rating ?? null;
    item.grade = item.score && this.form.gradeOf(Number(item.score));
    this.#showLive(answer);
  }

  #keepDraft() {
    this.isDirty = true;
    this.#say('alert', '');
    clearTimeout(this.draftTimer);
    this.draftTimer = setTimeout(() => this.#saveDraft(), DRAFT_DELAY_MS);
  }

  #saveDraft() {
    clearTimeout(this.draftTimer);
    if (!this.isDirty) return;
    this.isDirty = false;
    this.state.said[this.position] = this.form.value;
    fetch(`${this.state.root}/reports/${this.position}/draft`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(this.form.value),
      keepalive: true,
    }).catch(() => this.#say('alert', GONE));
  }

  /**
   * Send something to the program.
   * @param {string} method
   * @param {string} path
   * @param {string} body
   * @returns {Promise<any | null>} null: it failed, and was said
   */
  async #send(method, path, body) {
    this.isBusy = true;
    clearTimeout(this.draftTimer);
    try {
      const response = await fetch(`${this.state.root}/${path}`, {
        method, body, headers: { 'Content-Type': 'application/json' },
      });
      const answer = await response.json();
      this.#say('alert', response.ok ? '' : `Not saved: ${JSON.stringify(answer.issues ?? answer.detail)}`);
      return response.ok ? answer : null;
    } catch {
      this.#say('alert', GONE);
      return null;
    } finally {
      this.isBusy = false;
    }
  }

  async #look() {
    if (document.hidden) return;
    try {
      const response = await fetch(`${this.state.root}/state`);
      if (response.ok) this.#showLive(await response.json());
    } catch {
      this.#say('delivery', 'The program does not answer.');
    }
  }

  // --- time

  #keepTime() {
    const now = performance.now();
    if (this.visibleSince !== null) this.shownFor_ms += now - this.visibleSince;
    this.visibleSince = document.hidden ? null : now;
  }

  #time_s() {
    this.#keepTime();
    return Math.round(this.shownFor_ms / 100) / 10;
  }

  #showTime() {
    const seconds = Math.floor(this.#time_s());
    this.#say('time', `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`);
  }

  // --- what the page says

  #showItem() {
    const { item } = this;
    document.title = `${item.title} · rating session`;
    this.#one('form').action = `${this.state.root}/reports/${item.position}/rating`;
    this.#say('title', item.title);
    this.#say('place', `${item.position + 1} of ${this.state.items.length}`);
    this.#say('modality', item.modality ?? '');
    this.#one('[data-live=modality]').hidden = !item.modality;
    this.#one('[data-live=unlinked]').hidden = true;
    const stands = this.#one('[data-live=stands]');
    stands.hidden = item.grade === null;
    stands.className = `grade-${item.grade ?? 'none'}`;
    stands.textContent = `rated ${item.score ?? ''}`;
    this.#showTime();
  }

  /**
   * Say if nobody can tell which image a report is about; the report itself, now read, may know.
   * @param {Item} item
   */
  async #sayUnlinked(item) {
    if (!item.is_linked) {
      const response = await fetch(`${this.state.root}/reports/${item.position}/item`).catch(() => null);
      item.is_linked = response?.ok ? (await response.json()).is_linked : false;
    }
    if (item === this.item) this.#one('[data-live=unlinked]').hidden = item.is_linked;
  }

  /** @param {{progress: Progress, delivery: Delivery}} live */
  #showLive({ progress, delivery }) {
    const bar = /** @type {HTMLProgressElement} */ (this.#one('progress'));
    bar.max = progress.n_items;
    bar.value = progress.n_rated;
    this.#say('count', `${progress.n_rated} of ${progress.n_items} rated`);
    this.#say('pace', paceWords(progress));
    this.#say('delivery', deliveryWords(delivery));
  }

  /** @param {CustomEvent<{isHopeless: boolean}>} event */
  #sayLeft(event) {
    this.#say('alert', event.detail.isHopeless
      ? 'This report keeps leading elsewhere: what you see is not the report to rate.'
      : 'Something in the report led elsewhere; here is the report again.');
  }

  /**
   * @param {string} part
   * @param {string} words
   */
  #say(part, words) {
    const place = this.#one(`[data-live=${part}]`);
    if (place.textContent !== words) place.textContent = words;
  }

  /** @param {string} selector */
  #one(selector) {
    return /** @type {any} */ (this.querySelector(selector));
  }
}

/** @param {Progress} progress */
function paceWords({ n_items, n_rated, median_s, remaining_s }) {
  if (median_s === null) return '';
  const each = `${durationWords(median_s)} each`;
  return n_rated < n_items && remaining_s ? `${each}, ${durationWords(remaining_s)} to go` : each;
}

/** @param {number} seconds */
function durationWords(seconds) {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** @param {Delivery} delivery */
function deliveryWords(delivery) {
  if (delivery.url === null) return 'Ratings stay on this computer.';
  const parts = [`${delivery.n_sent} sent to ${delivery.url}`];
  if (delivery.n_waiting) parts.push(`${delivery.n_waiting} waiting`);
  if (delivery.n_refused) parts.push(`${delivery.n_refused} refused`);
  if (delivery.n_unlinked) parts.push(`${delivery.n_unlinked} kept here as their image is not known`);
  const end = delivery.state === 'off' ? '; offline, so nothing is sent now.' : '.';
  return `${parts.join(', ')}${end}${delivery.problem ? ` ${delivery.problem}.` : ''}`;
}

customElements.define('rating-session', RatingSession);
