// @ts-check
/**
 * <time-panel> tells the numbers of the volume that is pointed at, or that its slider is moved to.
 *
 * @typedef {{name: string, unit: string, values: (number | null)[]}} Curve
 */
class TimePanel extends HTMLElement {
  #data = JSON.parse(this.querySelector('script')?.textContent ?? '{}');
  #cursor = document.createElement('div');
  /** @type {any} */ #told = this.querySelector('.told');
  /** @type {any} */ #slider = this.querySelector('.volume input');

  connectedCallback() {
    this.#cursor.className = 'cursor';
    this.#cursor.hidden = true;
    this.append(this.#cursor);
    this.querySelector('.volume')?.removeAttribute('hidden');
    this.#told.hidden = false;
    this.#told.textContent = 'Point at a volume, or page with the arrow keys of the slider.';
    this.#slider.addEventListener('input', () => this.#show(Number(this.#slider.value) - 1));
    this.addEventListener('pointermove', (event) => this.#onPoint(event));
    addEventListener('resize', () => { this.#cursor.hidden = true; });
  }

  get #plot() {
    return /** @type {Element} */ (this.querySelector('.plot')).getBoundingClientRect();
  }

  #show(/** @type {number} */ i) {
    const { n, first, step, curves } = this.#data;
    const { left, width } = this.#plot;
    const x = left - this.getBoundingClientRect().left + (width * (i + 0.5)) / n;
    this.#cursor.style.left = `${x}px`;
    this.#cursor.hidden = false;
    const time = step ? `, ${(step * (first + i)).toFixed(1)} s` : '';
    const numbers = curves.map((/** @type {Curve} */ { name, unit, values }) =>
      `${name} ${values[i] ?? '–'} ${unit}`.trim());
    this.#told.textContent = [`Volume ${first + i + 1}${time}`, ...numbers].join(' · ');
    this.#slider.value = i + 1;
    this.#slider.setAttribute('aria-valuetext', this.#told.textContent);
  }

  #onPoint(/** @type {PointerEvent} */ event) {
    const { left, width } = this.#plot;
    const share = (event.clientX - left) / width;
    if (share >= 0 && share < 1) this.#show(Math.floor(share * this.#data.n));
  }
}

customElements.define('time-panel', TimePanel);
