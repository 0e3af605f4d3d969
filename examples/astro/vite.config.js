const chatkitd = process.env.CHATKITD_URL ?? 'http://127.0.0.1:8787';

// The page and chatkitd are one origin to the browser, as they are behind one reverse proxy in production.
// The last two are the element's script and its further files.
const proxy = Object.fromEntries(
  ['^/api/chatkit/', '^/v1/chatkit/', '^/chatkit(@[^/]+)?\\.js$', '^/chatkit-assets@'].map((path) => [path, chatkitd]),
);

/** For `astro dev`, which does not read this file by itself. */
export const server = { proxy };

/** For `vite preview`: Astro's own preview of a static site has no proxy. */
export default { appType: 'mpa', preview: { proxy } };
