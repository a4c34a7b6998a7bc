import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BINARY = process.env.BRIGHTRUN_BIN ?? '../target/debug/brightrun';
const START = 60_000;

export interface Server {
  url: string;
  /** The folder that it keeps everything in. */
  data: string;
  stop: () => Promise<void>;
  /** Stops it, keeping its folder; what is returned starts it again under the same address. */
  interrupt: () => Promise<() => Promise<Server>>;
}

/** Settings besides the defaults, as environment variables. */
export type Environment = Record<string, string>;

/** Starts the real program on its embedded defaults, in a folder of its own and on a port that is free. */
export async function startServer(env: Environment = {}): Promise<Server> {
  return serve(await mkdtemp(join(tmpdir(), 'brightrun-e2e-')), '127.0.0.1:0', env);
}

/** Starts it under an address that it knows before, as it has to for links in mails. */
export async function startServerAt(env: (url: string) => Environment): Promise<Server> {
  const host = `127.0.0.1:${await freePort()}`;
  return serve(await mkdtemp(join(tmpdir(), 'brightrun-e2e-')), host, env(`http://${host}`));
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

async function serve(data: string, listen: string, env: Environment): Promise<Server> {
  const child = spawn(BINARY, ['serve', '--data-dir', data, '--listen', listen], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // All tests come from one address, and a quick machine signs up more often than one person may.
    env: { ...process.env, BRIGHTRUN_RATE_LIMITS: '1000,100000,100000', ...env },
  });
  const log: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  const stop = async () => {
    await ended(child);
    await rm(data, { recursive: true, force: true });
  };
  try {
    const url = await address(child, log);
    const interrupt = async () => {
      await ended(child);
      return () => serve(data, new URL(url).host, env);
    };
    return { url, data, stop, interrupt };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the program says where it listens. */
function address(child: ChildProcess, log: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${BINARY} ${why}\n${log.join('').slice(-4000)}`));
    const timer = setTimeout(() => fail(`did not listen within ${START / 1000} s`), START);
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('exit', (code) => fail(`ended with code ${code} before it listened`));
    if (!child.stdout) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (!found) return;
      clearTimeout(timer);
      resolve(found.replace(/\/$/, ''));
    });
  });
}

/** Ends a program, by force when it does not by itself. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), 15_000);
    child.once('exit', () => {
      clearTimeout(force);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
