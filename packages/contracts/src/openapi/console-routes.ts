import { z } from 'zod';
import type { ApiRoute } from './route.js';

const pages = { tag: 'Console', access: 'public' } as const;
const page = { 200: { description: 'The page.', other: { 'text/html': 'A page.' } } } as const;
const SESSION = '/console/api/session';
const session = { description: 'What the browser may see.', json: { schemas: ['ConsoleSession'] } } as const;

/**
 * The pages at `/console`, and who is signed in to them. Its cookie stands for the keys it was made with, in requests of
 * the server's own pages alone.
 */
export const CONSOLE_ROUTES: readonly ApiRoute[] = [
  { ...pages, method: 'get', path: '/console', operationId: 'getConsole', summary: 'The console', replies: page },
  {
    ...pages,
    method: 'get',
    path: '/console/{page}',
    operationId: 'getConsolePage',
    summary: 'A page of the console',
    params: z.object({ page: z.string() }),
    replies: page,
    errors: ['route_not_found'],
  },
  {
    ...pages,
    method: 'get',
    path: '/console/assets/{file}',
    operationId: 'getConsoleFile',
    summary: 'A file of the console',
    params: z.object({ file: z.string() }),
    replies: {
      200: { description: 'The file.', other: { 'text/css': 'A style sheet.', 'text/javascript': 'A script.' } },
    },
    errors: ['route_not_found'],
  },
  {
    ...pages,
    method: 'get',
    path: SESSION,
    operationId: 'getConsoleSession',
    summary: 'Who is signed in',
    description: 'A session ends an hour after this was last asked, and twelve hours after it began.',
    replies: { 200: session },
  },
  {
    ...pages,
    method: 'post',
    path: SESSION,
    operationId: 'signIn',
    summary: "Signs in with a client key or the administrator's",
    description: 'Whoever is signed in with one already is then with both.',
    body: { json: { schemas: ['SignIn'] } },
    replies: { 200: session },
    errors: ['rate_limit_exceeded', 'not_same_origin'],
  },
  {
    ...pages,
    method: 'delete',
    path: SESSION,
    operationId: 'signOut',
    summary: 'Signs out',
    replies: { 204: { description: 'Nobody is signed in.' } },
    errors: ['not_same_origin'],
  },
];
