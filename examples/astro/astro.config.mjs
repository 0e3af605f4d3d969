import { defineConfig } from 'astro/config';

const chatkitd = process.env.CHATKITD_URL ?? 'http://127.0.0.1:8787';

// The page and chatkitd are one origin to the browser, as they are behind one reverse proxy in production.
// The last two are the element's script and its further files.
const proxy = Object.fromEntries(
  ['^/api/chatkit/', '^/v1/chatkit/', '^/chatkit(@[^/]+)?\\.js$', '^/chatkit-assets@'].map((path) => [path, chatkitd]),
);

export default defineConfig({
  devToolbar: { enabled: false },
  vite: { server: { proxy }, preview: { proxy } },
});
