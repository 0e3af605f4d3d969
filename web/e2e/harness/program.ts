import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/** A free port, for programs that cannot choose one by themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts one of a project's own web servers, which is ended with the test; its address once it says that it is up. */
export async function serve(t: TestContext, folder: string, script: string, env: Record<string, string>): Promise<string> {
  const start = () => launch(t, folder, script, env);
  // Another program may have taken the port by then: Vite and Astro take one that is free, and Next ends.
  return start().catch((error: Error) => (error.message.includes('EADDRINUSE') ? start() : Promise.reject(error)));
}

async function launch(t: TestContext, folder: string, script: string, env: Record<string, string>): Promise<string> {
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
      const address = /\bLocal:? +(http:\/\/localhost:\d+)/.exec(line);
      if (address !== null) resolve(address[1]!);
    };
    createInterface(child.stdout).on('line', take);
    createInterface(child.stderr).on('line', take);
    // Not at its exit: its last words may come after that.
    child.once('close', (code) => reject(new Error(`npm run ${script} in ${folder} ended with ${code}:\n${log.join('\n')}`)));
  });
}
