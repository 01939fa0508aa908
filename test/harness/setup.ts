/** Filled by the database harness; see database.ts. */
export default function setup(): void {}
