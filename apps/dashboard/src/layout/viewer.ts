import { createContext, use } from 'react';
import type { Viewer } from '../api/questions.ts';

/** Who is looking, for everything below the frame. */
export const ViewerContext = createContext<Viewer | undefined>(undefined);

/** The signed-in viewer. Throws outside the frame, which only renders pages for a signed-in viewer. */
export function useViewer(): Viewer {
  const viewer = use(ViewerContext);
  if (viewer === undefined) throw new Error('this part of the page is only for signed-in viewers');
  return viewer;
}
