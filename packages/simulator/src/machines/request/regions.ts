import { invalidArgument } from './refusal.ts';

/** The regions of docs/specs/platform.md#machines, with their place on the map. */
export const REGIONS: readonly {
  code: string;
  name: string;
  latitude: number;
  longitude: number;
  area: string;
}[] = [
  { code: 'ams', name: 'Amsterdam, Netherlands', latitude: 52.4, longitude: 4.9, area: 'eu' },
  { code: 'arn', name: 'Stockholm, Sweden', latitude: 59.7, longitude: 17.9, area: 'eu' },
  { code: 'bom', name: 'Mumbai, India', latitude: 19.1, longitude: 72.9, area: 'apac' },
  { code: 'cdg', name: 'Paris, France', latitude: 48.9, longitude: 2.4, area: 'eu' },
  { code: 'dfw', name: 'Dallas, Texas (US)', latitude: 32.8, longitude: -97.1, area: 'na' },
  { code: 'ewr', name: 'Secaucus, NJ (US)', latitude: 40.8, longitude: -74.1, area: 'na' },
  { code: 'fra', name: 'Frankfurt, Germany', latitude: 50.1, longitude: 8.7, area: 'eu' },
  { code: 'gru', name: 'Sao Paulo, Brazil', latitude: -23.5, longitude: -46.6, area: 'sa' },
  { code: 'iad', name: 'Ashburn, Virginia (US)', latitude: 39.0, longitude: -77.5, area: 'na' },
  { code: 'jnb', name: 'Johannesburg, South Africa', latitude: -26.1, longitude: 28.2, area: 'af' },
  { code: 'lax', name: 'Los Angeles, California (US)', latitude: 33.9, longitude: -118.4, area: 'na' },
  { code: 'lhr', name: 'London, United Kingdom', latitude: 51.5, longitude: -0.5, area: 'eu' },
  { code: 'nrt', name: 'Tokyo, Japan', latitude: 35.6, longitude: 139.8, area: 'apac' },
  { code: 'ord', name: 'Chicago, Illinois (US)', latitude: 41.9, longitude: -87.6, area: 'na' },
  { code: 'sin', name: 'Singapore, Singapore', latitude: 1.3, longitude: 103.9, area: 'apac' },
  { code: 'sjc', name: 'San Jose, California (US)', latitude: 37.4, longitude: -121.9, area: 'na' },
  { code: 'syd', name: 'Sydney, Australia', latitude: -33.9, longitude: 151.2, area: 'apac' },
  { code: 'yyz', name: 'Toronto, Canada', latitude: 43.7, longitude: -79.6, area: 'na' },
];

/** Where the simulator stands, and so where things go that ask for no place. */
export const NEAREST_REGION = 'iad';

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['any', NEAREST_REGION],
  ['us', 'iad'],
  ['na', 'iad'],
  ['eu', 'fra'],
  ['apac', 'sin'],
  ['sa', 'gru'],
]);

/** The region that a request gets: the first known one of a comma list, an alias resolved. Throws a 400 refusal when none is known. */
export function placeIn(requested: string | undefined): string {
  if (requested === undefined) return NEAREST_REGION;
  for (const word of requested.split(',')) {
    const code = ALIASES.get(word.trim()) ?? word.trim();
    if (REGIONS.some((one) => one.code === code)) return code;
  }
  throw invalidArgument(`region ${requested} not found`);
}
