// @ts-check
/**
 * `<filter-form>` around a GET form: shows the new page as soon as something is chosen, drops
 * empty fields from the address, and puts the focus back where it was. On a narrow screen the
 * `<details>` around the form begins closed. Without script the form is open, and has its button.
 */
const NARROW = '(max-width: 60rem)';
const FOCUS = 'filter-form focus';

class FilterForm extends HTMLElement {
  connectedCallback() {
    const form = this.querySelector('form');
    if (!form) return;
    form.addEventListener('change', (event) => {
      if (event.target instanceof HTMLTextAreaElement) return; // it may not be finished
      this.#submit(form);
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit(form);
    });
    const details = this.querySelector('details');
    if (details && matchMedia(NARROW).matches) details.open = false;
    this.#restore();
  }

  /** @param {HTMLFormElement} form */
  #submit(form) {
    const address = new URL(form.action, location.href);
    const given = [...new FormData(form)].filter(([, value]) => value !== '');
    address.search = new URLSearchParams(/** @type {[string, string][]} */ (given)).toString();
    this.#remember();
    this.setAttribute('aria-busy', 'true');
    location.assign(address);
  }

  #remember() {
    const id = document.activeElement?.id;
    if (!id || !this.contains(document.activeElement)) return;
    sessionStorage.setItem(FOCUS, JSON.stringify({ id, top: scrollY }));
  }

  #restore() {
    const kept = JSON.parse(sessionStorage.getItem(FOCUS) ?? 'null');
    const element = kept && document.getElementById(kept.id);
    if (!element || !this.contains(element)) return;
    sessionStorage.removeItem(FOCUS);
    const details = element.closest('details');
    if (details) details.open = true;
    element.focus({ preventScroll: true });
    scrollTo({ top: kept.top, behavior: 'instant' });
  }
}

customElements.define('filter-form', FilterForm);
