import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './server.js';

/** A page of `pages/` as one script. React's development build: only there does StrictMode do anything. */
export async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'web/e2e/pages', entry)],
    bundle: true,
    write: false,
    format: 'esm',
    target: ['es2022'],
    // Not the paths of tsconfig.json: packages are taken as their package.json exports them.
    tsconfigRaw: {},
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'warning',
  });
  return outputFiles[0]!.text;
}
