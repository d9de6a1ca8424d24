// @ts-check
/**
 * <slice-browser> pages through the slices of the stack that is chosen in it. Without script all
 * slices are shown, and choosing works by style alone.
 */
class SliceBrowser extends HTMLElement {
  /** @type {any} */ #stage = this.querySelector('.stage');
  /** @type {any} */ #slider = this.#stage.querySelector('input');
  /** @type {any} */ #one = this.querySelector('button.one');
  #at = -1;

  connectedCallback() {
    const brightness = /** @type {HTMLElement} */ (this.querySelector('.brightness'));
    brightness.hidden = this.#one.hidden = false;
    this.classList.add('ready');
    this.addEventListener('click', (event) => this.#onClick(event));
    this.addEventListener('input', (event) => this.#onInput(event));
    document.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** The slices of the chosen stack. @returns {HTMLElement[]} */
  get #tiles() {
    const radios = [...this.querySelectorAll('.choice input')];
    const i = Math.max(0, radios.findIndex((radio) => /** @type {any} */ (radio).checked));
    return [...this.querySelectorAll(`.stack.s${i} .tile`)].map((t) => /** @type {any} */ (t));
  }

  #show(/** @type {number} */ i) {
    const tiles = this.#tiles;
    this.#at = Math.min(Math.max(i, 0), tiles.length - 1);
    const tile = tiles[this.#at];
    const pictures = [...tile.querySelectorAll('img')].map((image) => {
      const picture = /** @type {HTMLImageElement} */ (image.cloneNode());
      picture.decoding = 'sync'; // else paging flickers
      return picture;
    });
    const [first] = pictures;
    const words = `${tile.dataset.name} mm, slice ${this.#at + 1} of ${tiles.length}`;
    first.alt = words;
    const picture = this.#stage.querySelector('.picture');
    picture.replaceChildren(...pictures);
    const { left, right } = /** @type {any} */ (tile.closest('.stack')).dataset;
    Object.assign(picture.dataset, { left, right });
    picture.style.setProperty('--shape', String(first.width / first.height));
    this.#stage.querySelector('.caption').textContent = words;
    this.#slider.max = tiles.length;
    this.#slider.value = this.#at + 1;
    this.#slider.setAttribute('aria-valuetext', words);
    this.#turn(true);
  }

  /** Shows one slice, or all of them. */
  #turn(/** @type {boolean} */ isOne) {
    this.classList.toggle('one', isOne);
    this.#stage.hidden = !isOne;
    this.#one.setAttribute('aria-pressed', String(isOne));
    this.#one.textContent = isOne ? 'All slices' : 'One by one';
  }

  #onClick(/** @type {MouseEvent} */ event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const tile = /** @type {HTMLElement | null} */ (target.closest('.tile'));
    if (tile) this.#show(this.#tiles.indexOf(tile));
    else if (target === this.#one && this.classList.contains('one')) this.#turn(false);
    else if (target === this.#one) this.#show(this.#here);
  }

  #onInput(/** @type {Event} */ event) {
    const target = /** @type {HTMLInputElement} */ (event.target);
    const isOne = this.classList.contains('one');
    if (target === this.#slider) this.#show(Number(target.value) - 1);
    else if (target.closest('.brightness')) this.style.setProperty('--brightness', target.value);
    else if (target.type === 'radio' && isOne) this.#show(this.#beside);
  }

  /** Where paging goes on, or begins: in the middle. */
  get #here() {
    return this.#at < 0 ? Math.floor(this.#tiles.length / 2) : this.#at;
  }

  /** The slice of another stack that is where the last one was, if there is such a one. */
  get #beside() {
    const name = this.#stage.querySelector('.caption').textContent.split(' mm')[0];
    const same = this.#tiles.findIndex((tile) => tile.dataset.name === name);
    return same < 0 ? Math.floor(this.#tiles.length / 2) : same;
  }

  /** Hears keys while it is in view and nothing else that takes them has the focus. */
  #onKey(/** @type {KeyboardEvent} */ event) {
    const at = /** @type {HTMLElement} */ (event.target);
    const isOther = event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented;
    const isTaken = at.matches('mriqc-rating, textarea, select')
      || (at.matches('input') && at !== this.#slider && at.getAttribute('type') !== 'checkbox');
    if (isOther || isTaken || SliceBrowser.current() !== this) return;
    const layer = /** @type {HTMLElement | null} */ (
      this.querySelector(`[data-key="${CSS.escape(event.key)}"]`));
    const isOne = this.classList.contains('one');
    const last = this.#tiles.length - 1;
    const to = { ArrowLeft: this.#here - 1, ArrowRight: this.#here + 1 }[event.key]
      ?? (isOne ? { Home: 0, End: last }[event.key] : undefined);
    if (layer) layer.click();
    else if (event.key === 'Escape' && isOne) this.#turn(false);
    else if (to !== undefined) this.#show(to);
    else return;
    event.preventDefault();
  }

  /** The one that has the focus, or is nearest to the middle of the window. */
  static current() {
    const all = /** @type {SliceBrowser[]} */ ([...document.querySelectorAll('slice-browser')]);
    const focused = all.find((one) => one.contains(document.activeElement));
    const distance = (/** @type {SliceBrowser} */ one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return Math.max(top - innerHeight / 2, innerHeight / 2 - bottom, 0);
    };
    return focused ?? all.sort((a, b) => distance(a) - distance(b))[0];
  }
}

customElements.define('slice-browser', SliceBrowser);
