import type { DoorFetch } from './doors.ts';

/**
 * A door whose rooms are opened with its first request. A simulator starts in the time that the doors take which are knocked at: the
 * libraries behind a page, a schema or a signature cost more to load than everything that is always there.
 */
export function lazyDoor(open: () => Promise<DoorFetch>): DoorFetch {
  let opened: Promise<DoorFetch> | undefined;
  return async (request, door) => {
    opened ??= open();
    return await (
      await opened
    )(request, door);
  };
}
