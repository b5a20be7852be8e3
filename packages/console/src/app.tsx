import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { Router } from 'wouter';
import { ApiFailure } from './api/api-failure.js';
import { SESSION_KEY } from './api/session.js';
import { LanguageProvider } from './i18n/language.js';
import { Shell } from './shell/shell.js';
import { cssVariables, theme } from './theme.js';

const BASE = '/console';
const UNAUTHORIZED = 401;

/** @param nonce allows the styles that components write while they run */
export function App({ nonce }: { nonce: string }) {
  const [client] = useState(newQueryClient);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <LanguageProvider>
        <QueryClientProvider client={client}>
          <Notifications position="bottom-right" />
          <Router base={BASE}>
            <Shell />
          </Router>
        </QueryClientProvider>
      </LanguageProvider>
    </MantineProvider>
  );
}

function newQueryClient(): QueryClient {
  // Whose session has ended is asked to sign in again, whatever was being done.
  const onError = (error: unknown) => {
    if (error instanceof ApiFailure && error.status === UNAUTHORIZED) {
      void client.invalidateQueries({ queryKey: SESSION_KEY });
    }
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: (count, error) => count < 2 && !(error instanceof ApiFailure && error.status < 500),
      },
    },
  });
  return client;
}
