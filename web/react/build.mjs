// Compiles the kit to dist/, with what it shares with the other kit, so that it needs no further package.
import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';

await rm('dist', { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.json'], { stdio: 'inherit' });
