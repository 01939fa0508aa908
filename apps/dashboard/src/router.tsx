import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Shell } from './layout/Shell.tsx';
import { ExtensionPage } from './pages/ExtensionPage.tsx';
import { HomePage } from './pages/HomePage.tsx';
import { NotFoundPage } from './pages/NotFoundPage.tsx';
import { readTokensSearch } from './pages/tokens-search.ts';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });

const home = createRoute({ getParentRoute: () => root, path: '/', component: HomePage });

/** Where single sign-on lands. */
const extension = createRoute({
  getParentRoute: () => root,
  path: '/extensions/$extensionId',
  component: ExtensionPage,
});

/** The token tools bring the macaroon library along, so they are fetched when somebody goes there. */
const tokens = createRoute({
  getParentRoute: () => root,
  path: '/tokens',
  validateSearch: readTokensSearch,
  component: lazyRouteComponent(() => import('./pages/TokensPage.tsx'), 'TokensPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([home, extension, tokens]),
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
