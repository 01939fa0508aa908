import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('each topic that the README promises of docs/operating.md is a heading there', () => {
  const [, list = ''] = /docs\/operating\.md\): ([^.]+)\./.exec(read('README.md')) ?? [];
  const topics = list.split(',').map((topic) => topic.trim().replaceAll(/\s+/g, ' '));
  expect(topics.length).toBeGreaterThan(5);
  const headings = [...read('docs/operating.md').matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase(),
  );
  const missing = topics.filter(
    (topic) => !headings.some((heading) => heading.includes(topic.toLowerCase())),
  );
  expect(missing).toEqual([]);
});
