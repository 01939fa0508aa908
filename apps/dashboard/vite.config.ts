import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // Replaced by the server with a fresh value in every response; the page reads it back from the meta tag.
  html: { cspNonce: '__HANGAR_NONCE__' },
  build: {
    outDir: 'dist',
    sourcemap: false,
    // Small pictures and fonts become data: URLs otherwise, which the content security policy forbids.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
});
