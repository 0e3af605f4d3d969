// Compiles the kit to dist/ (with what it shares with the other kit, so that it needs no further package), and bundles
// the page that browser tests open to test-page/dist/.
import { execFileSync } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.json'], { stdio: 'inherit' });

await rm('test-page/dist', { recursive: true, force: true });
await build({
  entryPoints: ['test-page/page.tsx'],
  outfile: 'test-page/dist/page.js',
  bundle: true,
  format: 'esm',
  target: ['es2022'],
  define: { 'process.env.NODE_ENV': '"production"' },
  minify: true,
  logLevel: 'warning',
});
for (const file of ['index.html', 'page.css']) await cp(`test-page/${file}`, `test-page/dist/${file}`);
