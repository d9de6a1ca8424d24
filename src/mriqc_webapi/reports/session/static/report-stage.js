/**
 * @typedef {object} Item
 * @property {number} position
 * @property {string} title
 * @property {string} frame Address of the report, on the origin of reports.
 *
 * @typedef {'up'|'down'|'page-up'|'page-down'|'start'|'end'} Step
 *
 * @typedef {object} Frame
 * @property {HTMLIFrameElement} element
 * @property {Promise<void>} loaded
 * @property {number} nLoads A second one means that the report went elsewhere.
 */

const MAX_FRAMES = 4;
const MAX_RETURNS = 3;
const SETTLE_MS = 250;

/** Shows one report and keeps its neighbours ready beneath it. */
class ReportStage extends HTMLElement {
  /** @type {Map<number, Frame>} the most recently used last */
  #frames = new Map();
  #current = -1;
  #lastTab = -Infinity;

  connectedCallback() {
    window.addEventListener('blur', () => this.#takeFocusBack());
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Tab') this.#lastTab = event.timeStamp;
    });
  }

  /**
   * Show a report; settles once it is loaded and painted.
   * @param {Item} item
   */
  async show(item) {
    const frame = this.#frame(item);
    this.#current = item.position;
    for (const [position, { element }] of this.#frames) {
      const isCurrent = position === item.position;
      element.classList.toggle('current', isCurrent);
      element.inert = !isCurrent;
      element.setAttribute('aria-hidden', String(!isCurrent));
    }
    this.#forget();
    this.toggleAttribute('data-loading', true);
    await frame.loaded;
    if (this.#current === item.position) this.toggleAttribute('data-loading', false);
    await painted();
  }

  /**
   * Load a report, unseen.
   * @param {Item} item
   */
  async prepare(item) {
    await this.#frame(item).loaded;
  }

  /** @param {number} position */
  isReady(position) {
    return (this.#frames.get(position)?.nLoads ?? 0) > 0;
  }

  /**
   * Scroll the report that is shown.
   * @param {Step} step
   */
  scrollReport(step) {
    // its origin is opaque, so no other target can be named
    this.#frames.get(this.#current)?.element.contentWindow?.postMessage({ scroll: step }, '*');
  }

  /**
   * @param {Item} item
   * @returns {Frame}
   */
  #frame(item) {
    const known = this.#frames.get(item.position);
    if (known) {
      this.#frames.delete(item.position);
      this.#frames.set(item.position, known);
      return known;
    }
    // made here, never by the server: a report that leads elsewhere at once must not go unseen
    const element = document.createElement('iframe');
    element.setAttribute('sandbox', 'allow-scripts');
    element.setAttribute('referrerpolicy', 'no-referrer');
    element.setAttribute('aria-hidden', 'true');
    element.inert = true;
    element.title = item.title;
    element.src = item.frame;
    /** @type {Frame} */
    const frame = { element, nLoads: 0, loaded: Promise.resolve() };
    frame.loaded = new Promise((resolve) => {
      element.addEventListener('load', () => {
        frame.nLoads += 1;
        if (frame.nLoads > 1) this.#returnTo(frame);
        resolve();
      });
    });
    this.#frames.set(item.position, frame);
    this.append(element);
    return frame;
  }

  /** @param {Frame} frame */
  #returnTo(frame) {
    // each return loads once more itself
    if (frame.nLoads % 2 === 1) return;
    const isHopeless = frame.nLoads > 2 * MAX_RETURNS;
    if (!isHopeless) frame.element.contentWindow?.location.replace(frame.element.src);
    this.dispatchEvent(new CustomEvent('report-left', { detail: { isHopeless } }));
  }

  #forget() {
    for (const [position, { element }] of this.#frames) {
      if (this.#frames.size <= MAX_FRAMES) return;
      if (position !== this.#current) {
        element.remove();
        this.#frames.delete(position);
      }
    }
  }

  /** After a click into a report, the session's keys must work again; Tab leads there to stay. */
  #takeFocusBack() {
    setTimeout(() => {
      const focused = document.activeElement;
      const isTabbed = performance.now() - this.#lastTab < 2 * SETTLE_MS;
      if (focused instanceof HTMLIFrameElement && !isTabbed) {
        focused.blur();
        window.focus();
      }
    }, SETTLE_MS);
  }
}

/** Settles after the frame that follows has been drawn. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(undefined)));
  });
}

customElements.define('report-stage', ReportStage);
export { ReportStage };
