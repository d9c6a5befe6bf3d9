import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `npm run dev-admin` shows the pages while they are written; the API comes from a running
// `securecart serve`.
const server = process.env['SECURECART_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/admin/',
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsDir: 'assets',
    // Inlined files would need `data:` in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    sourcemap: false,
  },
  server: {
    proxy: {
      '/v1': server,
      '/images': server,
    },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx'],
  },
});
