/** Every table, one file per capability. Drizzle reads this as the shape of the database. */
export * from './house.ts';
export * from './provider.ts';
export * from './gateway.ts';
export * from './authority.ts';
