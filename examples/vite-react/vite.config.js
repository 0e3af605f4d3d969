import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const chatkitd = process.env.CHATKITD_URL ?? 'http://127.0.0.1:8787';

// The page and chatkitd are one origin to the browser, as they are behind one reverse proxy in production: the device
// cookie is a first-party one, and no CORS is involved. The last is the element's script and its further files;
// /chatkit-config.json is not among them, it is this app's own.
const proxy = Object.fromEntries(
  ['^/api/chatkit/', '^/v1/chatkit/', '^/chatkit(/|$)', '^/chatkit(@[^/]+)?\\.js$', '^/chatkit-assets@'].map((path) => [
    path,
    chatkitd,
  ]),
);

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
});
