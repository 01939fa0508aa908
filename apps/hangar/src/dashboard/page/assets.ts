import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { HangarError } from '@hangar/http';

/** The built page. Only files that were there when it was first asked for are ever served: no path reaches the disk. */
export interface Assets {
  /** The page with this answer's nonce in it. Throws HangarError `not_ready` when the dashboard was not built. */
  page(nonce: string): string;
  /** A file by its path, such as `/assets/index-….js`, or undefined. */
  file(path: string, acceptEncoding: string): Response | undefined;
}

interface Asset {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly cacheControl: string;
  gzipped: Uint8Array<ArrayBuffer> | undefined;
}

/** The places in the page that Vite marked for the nonce (`html.cspNonce` in apps/dashboard/vite.config.ts). */
const NONCE_MARK = '__HANGAR_NONCE__';

/** Everything else in the folder (source maps, licences) is not for visitors. */
const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** Vite puts a digest into the names below /assets/, so what is there never changes. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
const ONE_HOUR = 'public, max-age=3600';

/** Reads `assetsDir` (apps/hangar/dist/page) once, when first needed. */
export function createAssets(assetsDir: string): Assets {
  let loaded: { readonly page: string; readonly files: ReadonlyMap<string, Asset> } | undefined;
  const load = () => (loaded ??= { page: readPage(assetsDir), files: readFiles(assetsDir) });
  return {
    page: (nonce) => load().page.replaceAll(NONCE_MARK, nonce),
    file: (path, acceptEncoding) => {
      const asset = load().files.get(path);
      return asset === undefined ? undefined : answer(asset, acceptEncoding);
    },
  };
}

function readPage(assetsDir: string): string {
  try {
    return readFileSync(join(assetsDir, 'index.html'), 'utf8');
  } catch (error) {
    throw new HangarError('not_ready', {
      public: 'the dashboard was not built; run `npm run build`',
      detail: `there is no page in ${assetsDir}`,
      cause: error,
    });
  }
}

function readFiles(assetsDir: string): ReadonlyMap<string, Asset> {
  const files = new Map<string, Asset>();
  for (const entry of readdirSync(assetsDir, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const place = join(entry.parentPath, entry.name);
    const path = `/${relative(assetsDir, place).split(sep).join('/')}`;
    const cacheControl = path.startsWith('/assets/') ? IMMUTABLE : ONE_HOUR;
    files.set(path, { bytes: new Uint8Array(readFileSync(place)), type, cacheControl, gzipped: undefined });
  }
  return files;
}

function answer(asset: Asset, acceptEncoding: string): Response {
  const headers = new Headers({
    'content-type': asset.type,
    'cache-control': asset.cacheControl,
    vary: 'accept-encoding',
  });
  if (!/\bgzip\b/.test(acceptEncoding)) return new Response(asset.bytes, { headers });
  asset.gzipped ??= new Uint8Array(gzipSync(asset.bytes));
  headers.set('content-encoding', 'gzip');
  return new Response(asset.gzipped, { headers });
}
