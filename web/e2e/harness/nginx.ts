import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const binary = process.env.CHATKITD_TEST_NGINX_BIN ?? '/usr/sbin/nginx';

/** An nginx of its own, with `locations` in its one server. */
export async function startNginx(t: TestContext, locations: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'chatkitd-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  const configuration = `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events { }
http { access_log off; ${temporary} server { listen 127.0.0.1:${port}; ${locations} } }`;
  await writeFile(join(folder, 'nginx.conf'), configuration);
  const nginx = spawn(binary, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  nginx.stderr!.on('data', (piece: Buffer) => said.push(piece.toString()));
  t.after(() => end(nginx, folder));
  const url = `http://127.0.0.1:${port}`;
  await answering(url, () => nginx.exitCode !== null, said);
  return url;
}

async function answering(url: string, hasEnded: () => boolean, said: string[]): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await fetch(url).then(() => true, () => false))) {
    if (hasEnded() || Date.now() > deadline) throw new Error(`nginx does not answer: ${said.join('')}`);
  }
}

async function end(nginx: ChildProcess, folder: string): Promise<void> {
  if (nginx.exitCode === null) {
    const gone = once(nginx, 'exit');
    nginx.kill('SIGTERM');
    await gone;
  }
  await rm(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
