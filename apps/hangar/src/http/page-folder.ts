import { fileURLToPath } from 'node:url';

/** Where `npm run build` puts the page, and below it the docs: in this package, so that it is packed with it and needs nothing of what built it. */
export const pageFolder: string = fileURLToPath(new URL('../../dist/page', import.meta.url));
