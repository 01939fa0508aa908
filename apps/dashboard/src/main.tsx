import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createMemory } from './api/memory.ts';
import { markColorScheme, systemColorScheme } from './color-scheme.ts';
import { announceNonce, pageNonce } from './page-nonce.ts';
import { router } from './router.tsx';
import './styles.ts';
import { contrast, theme } from './theme.ts';

const nonce = pageNonce();
announceNonce(nonce);
markColorScheme();

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no #root element');

createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={contrast}
      defaultColorScheme="auto"
      colorSchemeManager={systemColorScheme}
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={createMemory()}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
