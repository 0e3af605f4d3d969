import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

const binary = process.env.CHATKITD_BINARY ?? join(root, 'target/debug/chatkitd');

export interface ServerOptions {
  /** `chatkitd.toml`; a relative `file` of a script is relative to `fixtures/scripts`. */
  config?: string;
  /** Files beside `chatkitd.toml`, by name. */
  files?: Record<string, string>;
  /** Environment variables besides. */
  env?: Record<string, string>;
}

/** A chatkitd of its own, on a free port, with an empty database. */
export class Server {
  private constructor(
    readonly url: string,
    /** Where its data lies. */
    readonly folder: string,
    private readonly process: ChildProcess,
    private readonly options: ServerOptions,
    /** What it has written to its log so far. */
    readonly log: string[],
  ) {}

  static async start(options: ServerOptions = {}): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'chatkitd-e2e-'));
    const config = (options.config ?? '').replaceAll('"scripts/', `"${join(root, 'fixtures/scripts/')}`);
    await writeFile(join(folder, 'chatkitd.toml'), config);
    for (const [name, text] of Object.entries(options.files ?? {})) await writeFile(join(folder, name), text);
    return Server.launch(folder, options, '127.0.0.1:0');
  }

  /** One that answers every message as a script says: of `fixtures/scripts`, or of this folder's own (`e2e/answers`). */
  static playing(script: string, options: ServerOptions = {}): Promise<Server> {
    const file = script.startsWith('e2e/') ? join(root, 'web/e2e/scripts', `${script.slice(4)}.yaml`) : `scripts/${script}.yaml`;
    const config = `[workflows.wf_script]\nagent = "script"\nfile = "${file}"\n${options.config ?? ''}`;
    return Server.start({ ...options, config, env: { CHATKIT_WORKFLOW_ID: 'wf_script', ...options.env } });
  }

  /** One that answers every message as this script says (`docs/SCRIPTS.md`). */
  static answering(script: object): Promise<Server> {
    const config = '[workflows.wf_script]\nagent = "script"\nfile = "script.yaml"\n';
    return Server.start({ config, files: { 'script.yaml': JSON.stringify(script) }, env: { CHATKIT_WORKFLOW_ID: 'wf_script' } });
  }

  private static async launch(folder: string, options: ServerOptions, listen: string): Promise<Server> {
    const { PATH, HOME } = process.env;
    // All visitors of all tests have one address, and many servers run at once.
    const shared = { CHATKITD_LIMIT_ANONYMOUS: '0', CHATKITD_ADMIN_LISTEN: 'off' };
    const env = { PATH, HOME, CHATKITD_DATA_DIR: folder, CHATKITD_LISTEN: listen, CHATKITD_LOG_FORMAT: 'json', ...shared, ...options.env };
    const child = spawn(binary, ['serve', '--dev', '--config', join(folder, 'chatkitd.toml')], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const log: string[] = [];
    const url = await new Promise<string>((resolve, reject) => {
      const take = (line: string) => {
        log.push(line);
        const address = /chatkitd is up at (http:\/\/[\d.]+:\d+)/.exec(line);
        if (address !== null) resolve(address[1]!);
      };
      createInterface(child.stdout).on('line', take);
      createInterface(child.stderr).on('line', take);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${binary} ended with ${code}:\n${log.join('\n')}`)));
    });
    return new Server(url, folder, child, options, log);
  }

  /** Kills it as a crash does, and starts it again where it was. */
  async crash(): Promise<Server> {
    await this.end('SIGKILL');
    return Server.launch(this.folder, this.options, new URL(this.url).host);
  }

  /** Ends it without the grace that it gives answers which are still being given. */
  async stop(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill(signal);
    await gone;
  }
}
