/**
 * @typedef {object} Said
 * @property {string | null} rating
 * @property {string[]} artifacts
 * @property {number | null} confidence
 * @property {string} comment
 */

const STEP = 0.05;

/** What a rater says of one report: grade and score, artifacts, confidence, comment. */
class RatingForm extends HTMLElement {
  /** @type {string[]} */
  grades = [];
  /** @type {number[]} where one grade ends and the next begins */
  borders = [];
  /** @type {number | null} */
  #score = null;

  connectedCallback() {
    this.addEventListener('input', (event) => this.#onInput(event));
    this.#artifacts.addEventListener('toggle', () => this.#showTicked());
  }

  /** @returns {Said} */
  get value() {
    const confidence = this.#checked('confidence');
    return {
      rating: this.#score === null ? null : this.#score.toFixed(2),
      artifacts: this.#boxes.filter((box) => box.checked).map((box) => box.value),
      confidence: confidence === null ? null : Number(confidence),
      comment: this.comment.value,
    };
  }

  /** @param {Partial<Said>} said */
  set value(said) {
    const ticked = said.artifacts ?? [];
    for (const box of this.#boxes) box.checked = ticked.includes(box.value);
    for (const button of this.#radios('confidence')) {
      button.checked = said.confidence != null && Number(button.value) === said.confidence;
    }
    this.comment.value = said.comment ?? '';
    this.#artifacts.open = false;
    this.querySelector('.scrolls')?.scrollTo(0, 0);
    this.#showTicked();
    this.#setScore(said.rating ? Number(said.rating) : null);
  }

  get comment() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector('textarea'));
  }

  get isListing() {
    return this.#artifacts.open;
  }

  /** @param {number} n 1, exclude, to 4, excellent */
  grade(n) {
    this.#setScore(n);
    this.#changed();
  }

  /** @param {number} n_steps of 0.05 */
  step(n_steps) {
    this.#setScore((this.#score ?? 2.5) + n_steps * STEP);
    this.#changed();
  }

  /** @param {number} level 0 to 4 */
  confide(level) {
    for (const button of this.#radios('confidence')) button.checked = Number(button.value) === level;
    this.#changed();
  }

  /** @param {boolean} isOpen */
  listArtifacts(isOpen) {
    this.#artifacts.open = isOpen;
    if (isOpen) this.#artifacts.scrollIntoView({ block: 'nearest' });
  }

  /**
   * Tick the artifact of a letter.
   * @param {string} key
   * @returns {boolean} whether there is one
   */
  tick(key) {
    const box = this.#boxes.find((each) => each.dataset.key === key);
    if (!box) return false;
    box.checked = !box.checked;
    this.#changed();
    return true;
  }

  /** @param {number} score */
  gradeOf(score) {
    const [exclude, poor, acceptable] = this.borders;
    const rank = score < exclude ? 0 : score < poor ? 1 : score <= acceptable ? 2 : 3;
    return this.grades[rank];
  }

  get #artifacts() {
    return /** @type {HTMLDetailsElement} */ (this.querySelector('[data-part=artifacts]'));
  }

  get #slider() {
    return /** @type {HTMLInputElement} */ (this.querySelector('[data-part=slider]'));
  }

  /** @returns {HTMLInputElement[]} */
  get #boxes() {
    return [...this.querySelectorAll('input[name=artifacts]')];
  }

  /**
   * @param {string} name
   * @returns {HTMLInputElement[]}
   */
  #radios(name) {
    return [...this.querySelectorAll(`input[name=${name}]`)];
  }

  /** @param {string} name */
  #checked(name) {
    return this.#radios(name).find((button) => button.checked)?.value ?? null;
  }

  /** @param {Event} event */
  #onInput(event) {
    const input = /** @type {HTMLInputElement} */ (event.target);
    if (input === this.#slider || input.name === 'rating') this.#setScore(Number(input.value));
    this.#changed();
  }

  #changed() {
    this.#showTicked();
    this.dispatchEvent(new CustomEvent('rating-changed'));
  }

  /** @param {number | null} score */
  #setScore(score) {
    this.#score = score === null ? null : Math.round(Math.min(4, Math.max(1, score)) * 20) / 20;
    const grade = this.#score === null ? null : this.gradeOf(this.#score);
    const [output] = /** @type {HTMLOutputElement[]} */ ([...this.querySelectorAll('[data-part=score]')]);
    output.value = this.#score === null ? '–' : this.#score.toFixed(2);
    this.#slider.value = String(this.#score ?? 2.5);
    this.#slider.setAttribute('aria-valuetext', grade ? `${output.value}, ${grade}` : 'not set');
    this.toggleAttribute('data-unset', grade === null);
    this.#radios('rating').forEach((button, rank) => {
      button.checked = this.grades[rank] === grade;
    });
  }

  #showTicked() {
    const n = this.#boxes.filter((box) => box.checked).length;
    const ticked = this.querySelector('[data-part=ticked]');
    if (ticked) ticked.textContent = n ? String(n) : '';
  }
}

customElements.define('rating-form', RatingForm);
export { RatingForm };
