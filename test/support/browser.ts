import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { skipWithout } from './require-all.js';

export type { Locator, Page } from 'playwright-core';

/** A real Chromium without a window, with a profile of its own and one page. */
export interface Browser {
  readonly page: Page;
  /** The address of everything that was asked for, whether or not it was answered. */
  requested(): readonly string[];
  /** What the browser refused the page to do, and the errors of its scripts. */
  complaints(): readonly string[];
  close(): Promise<void>;
}

export interface BrowserOptions {
  /** For when it is asked who it is. */
  readonly signIn?: { readonly username: string; readonly password: string } | undefined;
}

const name = 'chromium';
/** Where Debian puts it, also for those whose PATH does not say so. */
const folderDefault = '/usr/bin';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // What a page asks of another host is seen and goes nowhere.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Marks a test as pending where there is no browser; in a `before`, all tests of the suite. */
export function requireBrowser(context: Mocha.Context): void {
  skipWithout(context, findChromium() !== undefined, `a ${name} on the PATH`);
}

function findChromium(): string | undefined {
  const folders = [folderDefault, ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export async function openBrowser({ signIn }: BrowserOptions = {}): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium() ?? name,
    args: flags,
    locale: 'en-US',
    viewport: { width: 1_280, height: 800 },
    ...(signIn === undefined ? {} : { httpCredentials: signIn }),
  });
  const requested: string[] = [];
  const complaints: string[] = [];
  context.on('request', (request) => requested.push(request.url()));
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text());
  });

  return {
    page: context.pages()[0] ?? (await context.newPage()),
    requested: () => requested,
    complaints: () => complaints,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
