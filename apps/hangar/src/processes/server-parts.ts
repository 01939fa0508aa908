/** What takes most of a start to load, apart: by then the folder and the ports are ours, and a simulated Fly.io starts beside it. */
export { openStore, startJobs } from '@hangar/store';
export { composeHangar } from '../house/compose.ts';
export { reachPlatform } from '../house/platform.ts';
