import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Where distributions put Chromium. The first that exists is used. */
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser's binary, or undefined when this machine has none. */
export const browserBinary: string | undefined = places.find((place) => existsSync(place));

/** Why browser tests are skipped, for those who read the report. */
export const NO_BROWSER = `no Chromium at ${places.join(', ')}; apt-get install --no-install-recommends chromium`;

/** What a visit may see and how. */
export interface VisitOptions {
  /** Origins the pages may talk to. A request to any other is stopped and becomes a complaint. */
  readonly origins: readonly string[];
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Cookies set before the first request, by name, for the first of the origins. */
  readonly cookies?: Readonly<Record<string, string>>;
}

/** One person's browser window, with a list of everything that went wrong in it. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Console errors and warnings, uncaught errors, policy violations, requests to elsewhere. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** A running Chromium. */
export interface TestBrowser {
  visit(options: VisitOptions): Promise<Visit>;
  close(): Promise<void>;
}

/** Starts Chromium without anything of its own that would reach for the network. Throws when there is none. */
export async function openBrowser(): Promise<TestBrowser> {
  if (browserBinary === undefined) throw new Error(NO_BROWSER);
  const browser = await chromium.launch({
    executablePath: browserBinary,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    visit: async (options) => await visit(browser, options),
    close: async () => await browser.close(),
  };
}

async function visit(browser: Browser, options: VisitOptions): Promise<Visit> {
  const context = await browser.newContext({
    colorScheme: options.colorScheme ?? 'light',
    viewport: options.viewport ?? { width: 1280, height: 900 },
    reducedMotion: 'reduce',
  });
  const complaints: string[] = [];
  const [home] = options.origins;
  await context.addCookies(
    Object.entries(options.cookies ?? {}).map(([name, value]) => ({ name, value, url: home ?? '' })),
  );
  await context.route('**/*', async (route) => {
    const { origin } = new URL(route.request().url());
    if (options.origins.includes(origin)) return await route.continue();
    complaints.push(`a request to ${origin}`);
    return await route.abort();
  });
  await context.exposeFunction('policyViolated', (what: string) =>
    complaints.push(`policy violation: ${what}`),
  );
  await context.addInitScript(() => {
    const { policyViolated } = globalThis as unknown as { policyViolated: (what: string) => void };
    document.addEventListener('securitypolicyviolation', (event) => {
      policyViolated(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  return { page, context, complaints, close: async () => await context.close() };
}
