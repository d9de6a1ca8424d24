// @ts-check
/**
 * Replaces the plain list of routes by a browser of the OpenAPI document.
 * The vendored script defines `SwaggerUIBundle`; without it the list stays.
 */
const target = document.querySelector('[data-openapi]');
const bundle = /** @type {any} */ (globalThis).SwaggerUIBundle;

if (target instanceof HTMLElement && bundle) {
  bundle({
    url: target.dataset.openapi,
    domNode: target,
    deepLinking: true,
    validatorUrl: null,
    docExpansion: 'list',
    tryItOutEnabled: false,
  });
}
