import type { ResolvedConfig } from './config.js';

const TAG = 'openai-chatkit';
const loading = new Map<string, Promise<void>>();

/** Loads the element's script, once per page. One that the page brings itself will do. */
export function loadScript({ src, integrity }: Pick<ResolvedConfig, 'src' | 'integrity'>): Promise<void> {
  if (customElements.get(TAG) !== undefined) return Promise.resolve();
  const known = loading.get(src);
  if (known !== undefined) return known;
  const loaded = fetchScript(src, integrity);
  loading.set(src, loaded);
  // Whoever tries again loads again.
  loaded.catch(() => loading.delete(src));
  return loaded;
}

function fetchScript(src: string, integrity: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = src;
    script.async = true;
    if (integrity !== undefined) {
      script.integrity = integrity;
      // Without CORS a browser does not compare the hash of another origin's script: it refuses it.
      script.crossOrigin = 'anonymous';
    }
    script.onload = () => resolve();
    script.onerror = () => {
      script.remove();
      reject(new Error(`The chat cannot be loaded from ${src}. Is chatkitd running there, and does the page's CSP allow it?`));
    };
    document.head.append(script);
  });
}
