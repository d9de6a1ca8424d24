// @ts-check
/**
 * `<live-counts src="/api/v2/counts">` around elements with `data-count="KEY"`: keeps their numbers
 * up to date while the page is looked at. Without script they stay as the page came.
 */
const EVERY_MS = 30_000;
const format = new Intl.NumberFormat('en');

class LiveCounts extends HTMLElement {
  /** @type {number | undefined} */
  #timer;

  connectedCallback() {
    document.addEventListener('visibilitychange', this.#update);
    this.#timer = window.setInterval(this.#update, EVERY_MS);
    if (this.querySelector('[data-count]')?.closest('ul')?.textContent?.includes('…')) this.#update();
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.#update);
    window.clearInterval(this.#timer);
  }

  #update = async () => {
    if (document.hidden) return;
    const counts = await ask(this.getAttribute('src') ?? '');
    for (const element of this.querySelectorAll('[data-count]')) {
      const n = counts[/** @type {HTMLElement} */ (element).dataset.count ?? ''];
      if (typeof n === 'number') element.textContent = format.format(n);
    }
  };
}

/**
 * Asks for the counts; a service that is away leaves those that are shown.
 * @param {string} address
 * @returns {Promise<Record<string, unknown>>}
 */
async function ask(address) {
  try {
    const answer = await fetch(address);
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

customElements.define('live-counts', LiveCounts);
