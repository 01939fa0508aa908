/** Every wrong import in the house below `root`, one sentence each. */
export function checkFloors(root: string): string[];
