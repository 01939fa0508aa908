/** The data folder, apart: it is claimed before anything else is loaded, so that a second process ends at once. */
export { claimFolder } from './open/claim-folder.ts';
