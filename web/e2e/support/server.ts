// `securecart serve` as a user runs it: the built program, a fresh data folder, a free port.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const repository = resolve(fileURLToPath(import.meta.url), '../../../..');

// SECURECART_BINARY (or SECURECART_BIN), else the builds of this checkout.
function binary(): string {
  const named = process.env['SECURECART_BINARY'] ?? process.env['SECURECART_BIN'];
  const candidates =
    named !== undefined
      ? [resolve(named)]
      : ['release', 'dev'].map((preset) => join(repository, 'build', preset, 'securecart'));
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(`no securecart to test: looked for ${candidates.join(', ')}`);
  }
  return found;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

export class ShopServer {
  private process: ChildProcess | null = null;
  private output = '';

  private constructor(
    readonly port: number,
    private readonly folder: string,
  ) {}

  static async open(): Promise<ShopServer> {
    const folder = mkdtempSync(join(tmpdir(), 'securecart-e2e-'));
    const server = new ShopServer(await freePort(), folder);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  // On the same port and data folder as before.
  async start(): Promise<void> {
    const args = ['serve', '--data', this.folder, '--port', String(this.port)];
    const child = spawn(binary(), [...args, '--log-level', 'warn'], { stdio: 'pipe' });
    this.process = child;
    const keep = (chunk: Buffer) => {
      this.output = (this.output + chunk.toString()).slice(-20_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const deadline = Date.now() + 40_000;
    while (!(await this.isReady())) {
      if (child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`securecart serve did not open:\n${this.output}`);
      }
      await sleep(100);
    }
  }

  private async isReady(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  // kill -9: no goodbye, no flushing.
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (child === null || child.exitCode !== null || child.signalCode !== null) {
      return;
    }
    const ended = new Promise<void>((done) => child.once('exit', () => done()));
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  secretKey(): string {
    return this.credentials().secret_key;
  }

  // Of the sample shop, made when the server first opened.
  credentials(): { owner_email: string; owner_password: string; secret_key: string } {
    return JSON.parse(readFileSync(join(this.folder, 'sample-shop.json'), 'utf8')) as ReturnType<
      ShopServer['credentials']
    >;
  }
}
