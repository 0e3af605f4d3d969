// Bundles the components' script to dist/popup.js. It is one file of its own, because Astro puts small scripts inline,
// which a strict CSP refuses; a file that is imported by its address stays a file.
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.json'], { stdio: 'inherit' });
await build({
  entryPoints: ['src/popup.ts'],
  outfile: 'dist/popup.js',
  bundle: true,
  format: 'esm',
  target: ['es2022'],
  minify: true,
  logLevel: 'warning',
});
