import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';
import { docs } from './build/docs.ts';

export default defineConfig({
  plugins: [react(), docs(fileURLToPath(new URL('../../docs', import.meta.url)))],
  // The macaroon library from its sources, with its browser cryptography: the compiler builds `dist` at the same time.
  resolve: { conditions: ['hangar-source', ...defaultClientConditions] },
  // Replaced by the server with a fresh value in every response; the page reads it back from the meta tag.
  html: { cspNonce: '__HANGAR_NONCE__' },
  build: {
    // Hangar serves it, so it lies in that package; this one has nothing to publish.
    outDir: '../hangar/dist/page',
    emptyOutDir: true,
    sourcemap: false,
    // Small pictures and fonts become data: URLs otherwise, which the content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
});
