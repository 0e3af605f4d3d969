import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from './program.js';

const binary = process.env.CHATKITD_TEST_NGINX_BIN ?? '/usr/sbin/nginx';

/** An nginx of its own, with `locations` in its one server. */
export async function startNginx(t: TestContext, locations: string): Promise<string> {
  const said: string[] = [];
  // A free port cannot be reserved, only tried.
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const url = await tryStart(t, locations, said);
    if (url !== null) return url;
  }
  throw new Error(`no nginx starts: ${said.join('')}`);
}

async function tryStart(t: TestContext, locations: string, said: string[]): Promise<string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'chatkitd-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  const configuration = `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events { }
http { access_log off; ${temporary} server { listen 127.0.0.1:${port}; location = /nginx { return 204; } ${locations} } }`;
  await writeFile(join(folder, 'nginx.conf'), configuration);
  const nginx = spawn(binary, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  nginx.stderr!.on('data', (piece: Buffer) => said.push(piece.toString()));
  t.after(() => end(nginx, folder));
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 10_000;
  while (nginx.exitCode === null && Date.now() < deadline) {
    // Whoever answers at the port may be another server.
    if (await fetch(`${url}/nginx`).then(({ status }) => status === 204, () => false)) return url;
  }
  if (nginx.exitCode === null) throw new Error(`nginx does not answer: ${said.join('')}`);
  return null;
}

async function end(nginx: ChildProcess, folder: string): Promise<void> {
  if (nginx.exitCode === null) {
    const gone = once(nginx, 'exit');
    nginx.kill('SIGTERM');
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
}
