import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/** A free port, for programs that cannot choose one by themselves. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts one of a project's own web servers, which is ended with the test; its address once it says that it is up. */
export async function serve(t: TestContext, folder: string, script: string, env: Record<string, string>): Promise<string> {
  const port = await freePort();
  const { PATH, HOME } = process.env;
  const quiet = { ASTRO_TELEMETRY_DISABLED: '1', NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };
  const child = spawn('npm', ['run', script, '--', '--port', String(port)], {
    // A group of its own, because npm does not end what it has started.
    cwd: folder, env: { PATH, HOME, ...quiet, ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  t.after(async () => {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
    await ended;
  });
  const log: string[] = [];
  return new Promise((resolve, reject) => {
    const take = (line: string) => {
      log.push(line);
      if (line.includes(`localhost:${port}`) || line.includes(`127.0.0.1:${port}`)) resolve(`http://localhost:${port}`);
    };
    createInterface(child.stdout).on('line', take);
    createInterface(child.stderr).on('line', take);
    child.once('exit', (code) => reject(new Error(`npm run ${script} in ${folder} ended with ${code}:\n${log.join('\n')}`)));
  });
}
