// @ts-check
/**
 * `<copy-button>` beside a `<pre>` in a `.code`: a button that copies the text of the `<pre>`.
 * Without script there is none, and the text can be selected as any other.
 */
const SHOWN_MS = 2000;

class CopyButton extends HTMLElement {
  connectedCallback() {
    if (this.firstElementChild) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Copy';
    button.setAttribute('aria-label', `Copy: ${this.getAttribute('label') ?? 'the text'}`);
    button.addEventListener('click', () => this.#copy(button));
    const told = document.createElement('span');
    told.className = 'visually-hidden';
    told.setAttribute('role', 'status');
    this.append(button, told);
  }

  /** @param {HTMLButtonElement} button */
  async #copy(button) {
    const source = this.closest('.code')?.querySelector('pre');
    if (!source) return;
    const copied = await put(source);
    this.#say(button, copied ? 'Copied' : 'Press Ctrl+C');
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {string} words
   */
  #say(button, words) {
    const status = /** @type {HTMLElement} */ (this.lastElementChild);
    button.textContent = status.textContent = words;
    setTimeout(() => {
      button.textContent = 'Copy';
      status.textContent = '';
    }, SHOWN_MS);
  }
}

/**
 * Copies an element's text; where the browser forbids that, selects it.
 * @param {HTMLElement} source
 * @returns {Promise<boolean>}
 */
async function put(source) {
  try {
    await navigator.clipboard.writeText(source.innerText);
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return false;
  }
}

customElements.define('copy-button', CopyButton);
