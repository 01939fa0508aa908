import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { Shell } from './layout/Shell.tsx';
import { ExtensionPage } from './pages/ExtensionPage.tsx';
import { HomePage } from './pages/HomePage.tsx';
import { NotFoundPage } from './pages/NotFoundPage.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });

const home = createRoute({ getParentRoute: () => root, path: '/', component: HomePage });

/** Where single sign-on lands. */
const extension = createRoute({
  getParentRoute: () => root,
  path: '/extensions/$extensionId',
  component: ExtensionPage,
});

export const router = createRouter({ routeTree: root.addChildren([home, extension]) });

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
