/**
 * The nonce of this page load. Vite marks the place and the server fills it in; browsers hide the attribute from
 * scripts and style sheets but keep the property.
 */
export function pageNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
}

/** react-remove-scroll (under Mantine's Modal) asks this global for the nonce of the style tag it adds. */
export function announceNonce(nonce: string): void {
  Object.assign(globalThis, { __webpack_nonce__: nonce });
}
