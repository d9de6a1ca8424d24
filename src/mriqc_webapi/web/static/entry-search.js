// @ts-check
/**
 * `<entry-search>` around a search form: hides, while one types, the bodies of `table.dictionary`
 * that lack one of the words, and keeps the address. Without script the form asks the service.
 */
class EntrySearch extends HTMLElement {
  /** @type {{ body: HTMLElement, text: string }[]} */
  #entries = [];
  /** @type {HTMLInputElement | null} */
  #field = null;

  connectedCallback() {
    const form = this.querySelector('form');
    this.#field = this.querySelector('input[type=search]');
    // a page that came searched lacks what is to be found: then the service goes on searching
    if (!form || !this.#field || this.#field.value) return;
    for (const body of document.querySelectorAll('.dictionary tbody')) {
      const text = (body.textContent ?? '').toLowerCase();
      this.#entries.push({ body: /** @type {HTMLElement} */ (body), text });
    }
    this.#field.addEventListener('input', () => this.#search());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#search();
    });
  }

  #search() {
    const asked = this.#field?.value ?? '';
    const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { body, text } of this.#entries) {
      body.hidden = !words.every((word) => text.includes(word));
      if (!body.hidden) shown += 1;
    }
    for (const section of document.querySelectorAll('section:has(> .scroll > .dictionary)')) {
      /** @type {HTMLElement} */ (section).hidden = !section.querySelector('tbody:not([hidden])');
    }
    this.#tell(shown);
    this.#keep(asked);
  }

  /** @param {number} shown */
  #tell(shown) {
    const status = this.querySelector('[role=status]');
    const all = this.#entries.length;
    if (status) status.textContent = shown < all ? `${shown} of ${all} names` : `${all} names`;
  }

  /** @param {string} asked */
  #keep(asked) {
    const address = new URL(location.href);
    if (asked.trim()) address.searchParams.set('q', asked);
    else address.searchParams.delete('q');
    history.replaceState(history.state, '', address);
  }
}

customElements.define('entry-search', EntrySearch);
