import type { Request, Response } from 'express';
import type { ConsoleSession, ConsoleSessions } from './console-sessions.js';

const NAME = 'grok2api_console';
const VALUE = new RegExp(`(?:^|;\\s*)${NAME}=([\\w-]+)`);

/** The session that a request's cookie stands for. */
export function readSessionCookie(req: Request, sessions: ConsoleSessions): ConsoleSession | undefined {
  const value = VALUE.exec(req.get('cookie') ?? '')?.[1];
  return value === undefined ? undefined : sessions.open(value);
}

/** Has the browser keep a session, out of reach of its pages and of other sites. */
export function setSessionCookie(res: Response, session: ConsoleSession, sessions: ConsoleSessions): void {
  res.cookie(NAME, sessions.seal(session), { ...attributes(res.req), expires: new Date(session.expires) });
}

/** Has the browser forget it. */
export function clearSessionCookie(res: Response): void {
  res.clearCookie(NAME, attributes(res.req));
}

function attributes(req: Request) {
  return { httpOnly: true, sameSite: 'strict', secure: req.secure, path: '/' } as const;
}
