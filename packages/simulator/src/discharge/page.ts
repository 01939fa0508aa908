import { html } from 'hono/html';
import { choices, page } from '../page.ts';
import type { Principal } from './principals.ts';

/** Where a person says that a client may go on. The real page asks who they are first; here they say so by their button. */
export function confirmPage(everybody: readonly Principal[]): unknown {
  const people = everybody.map(({ id, name, organizations }) => ({
    id,
    name,
    note: organizations.join(', '),
  }));
  return page(
    'A program wants to go on using a token',
    html`<p>Continue as:</p>
      <form method="post">${choices(people)}</form>`,
  );
}

/** What a person sees when nothing is left to do. */
export function closingPage(sentence: string): unknown {
  return page(sentence, '');
}
