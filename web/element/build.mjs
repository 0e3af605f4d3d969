// Bundles the element: dist/chatkit.js, which a page loads as a classic script, and dist/assets/, which that script
// loads when it is needed (languages, highlighting, math, icons). Prints the gzipped sizes.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

// The version names the content: what is served under it may be kept for ever, also while this is being worked on.
const { version: release } = JSON.parse(await readFile('package.json', 'utf8'));
const version = `${release}-${await digestOfSources()}`;

async function digestOfSources() {
  const digest = createHash('sha256');
  const files = await readdir('src', { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => `${file.parentPath ?? file.path}/${file.name}`);
  for (const path of ['build.mjs', '../package-lock.json', ...paths.sort()]) digest.update(path).update(await readFile(path));
  return digest.digest('hex').slice(0, 8);
}

const lucide = JSON.parse(await readFile(new URL(import.meta.resolve('lucide-static/icon-nodes.json')), 'utf8'));

/** `icons:built-in`: the shapes of the icons that ChatKit has names for. */
const icons = {
  name: 'icons',
  setup(build) {
    build.onResolve({ filter: /^icons:built-in$/ }, () => ({ path: 'built-in', namespace: 'icons' }));
    build.onLoad({ filter: /.*/, namespace: 'icons' }, async () => {
      const names = JSON.parse(await readFile('src/icons/names.json', 'utf8'));
      const shapes = Object.entries(names).map(([name, drawing]) => [name, lucide[drawing] ?? missing(drawing)]);
      return { contents: JSON.stringify(Object.fromEntries(shapes)), loader: 'json' };
    });
  },
};

function missing(drawing) {
  throw new Error(`Lucide has no icon "${drawing}"`);
}

const shared = {
  bundle: true,
  plugins: [icons],
  loader: { '.css': 'text' },
  minify: true,
  legalComments: 'linked',
  target: ['es2022'],
  define: { ASSETS: JSON.stringify(`chatkit-assets@${version}/`) },
  logLevel: 'warning',
};

await rm('dist', { recursive: true, force: true });
await build({ ...shared, entryPoints: ['src/index.ts'], outfile: 'dist/chatkit.js', format: 'iife' });

const lazy = (await readdir('src/lazy')).map((name) => `src/lazy/${name}`);
await build({ ...shared, entryPoints: lazy, outdir: 'dist/assets', format: 'esm' });
await cp('src/locale/files', 'dist/assets/locale', { recursive: true });
await writeFile('dist/assets/icons.json', JSON.stringify(lucide));

const script = await readFile('dist/chatkit.js');
const integrity = `sha384-${createHash('sha384').update(script).digest('base64')}`;
await writeFile('dist/manifest.json', JSON.stringify({ version, integrity }));

for (const file of await readdir('dist', { recursive: true, withFileTypes: true })) {
  const path = `${file.parentPath ?? file.path}/${file.name}`;
  if (file.isFile() && /\.(js|json)$/.test(path)) await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
}
console.log(`chatkit.js ${script.length} bytes, ${gzipSync(script, { level: 9 }).length} gzipped; ${integrity}`);
