// Served with each report: lets the keys of the session scroll it. It takes no other orders, and says nothing.
const STEPS = {
  up: (page) => page.scrollBy({ top: -80 }),
  down: (page) => page.scrollBy({ top: 80 }),
  'page-up': (page) => page.scrollBy({ top: -0.85 * page.innerHeight }),
  'page-down': (page) => page.scrollBy({ top: 0.85 * page.innerHeight }),
  start: (page) => page.scrollTo({ top: 0 }),
  end: (page) => page.scrollTo({ top: page.document.documentElement.scrollHeight }),
};

window.addEventListener('message', (event) => {
  if (event.source === window.parent && Object.hasOwn(STEPS, event.data?.scroll ?? '')) {
    STEPS[event.data.scroll](window);
  }
});
