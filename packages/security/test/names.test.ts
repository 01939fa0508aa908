import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isAppName,
  isBucketName,
  isExtensionId,
  isImage,
  isMachineId,
  isOrgSlug,
  isRegion,
  isVolumeId,
} from '@hangar/security';

const cases: readonly (readonly [string, (text: string) => boolean, readonly string[], readonly string[]])[] =
  [
    [
      'app name',
      isAppName,
      ['a', 'logjam-1bd03ba', '9lives', 'a'.repeat(63)],
      ['', '-a', 'a-', 'A', 'a_b', 'a.b', 'a'.repeat(64), 'a/b', '..', 'a\n', 'ａ'],
    ],
    ['organization slug', isOrgSlug, ['personal', 'high-flyers', 'ws-1'], ['', 'High', 'a b', 'a/..']],
    ['region', isRegion, ['mad', 'syd'], ['', 'MAD', 'ma', 'madr', '../', 'm4d', 'mad\n']],
    [
      'machine id',
      isMachineId,
      ['5683977ad31768'],
      ['5683977ad3176', '5683977ad317689', '5683977AD31768', 'x683977ad31768'],
    ],
    [
      'volume id',
      isVolumeId,
      ['vol_okgj54580lq35w82'],
      ['vol_', 'vol_A', 'okgj54580lq35w82', 'vol_../../etc/passwd'],
    ],
    [
      'bucket name',
      isBucketName,
      ['abc', 'notebook-7f3a'],
      ['ab', '-abc', 'abc-', 'a.b.c', 'Abc', 'a'.repeat(64), '10.0.0.1'],
    ],
    [
      'extension id',
      isExtensionId,
      ['432cb1c9-4d06-4a91-95dc-bc7aa27b896d', 'A', 'a~b.c_d'],
      ['', 'events', 'sso', '.a', '../x', 'a/b', 'a%20', 'a'.repeat(129)],
    ],
    [
      'image',
      isImage,
      [
        'nginx',
        'nginx:1.27',
        'library/nginx:latest',
        'registry.fly.io/app:deployment-01H',
        'localhost:5000/a/b:c',
        'ghcr.io/o/r@sha256:' + 'a'.repeat(64),
        'flyio/hellofly:latest',
        'a/b_c.d-e:F',
      ],
      [
        '',
        ' nginx',
        'nginx:',
        'nginx@sha256:abc',
        'NGINX',
        'a//b',
        'a/../b',
        'a b',
        'nginx:a:b',
        '-a',
        'a'.repeat(513),
        'a@b@c',
        'https://h/a',
      ],
    ],
  ];

describe.each(cases)('%s', (_name, check, good, bad) => {
  test.each(good)('%j is one', (text) => expect(check(text)).toBe(true));
  test.each(bad)('%j is none', (text) => expect(check(text)).toBe(false));

  test('is never something that could climb, escape or break a line', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom('\n', '\0', ' ', '%', '?', '#', '\\', '..', "'", '"', '<'),
        fc.string(),
        (a, evil, b) => {
          expect(check(a + evil + b) && evil !== '..').toBe(false);
        },
      ),
    );
  });
});

test('hostile names cost linear time', () => {
  const started = performance.now();
  const long = 'a-'.repeat(200_000) + '!';
  for (const [, check] of cases) check(long);
  isImage('a.'.repeat(250) + '!');
  isImage('a-_'.repeat(160));
  expect(performance.now() - started).toBeLessThan(5000);
});
