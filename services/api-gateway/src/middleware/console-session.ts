import type { RequestHandler } from 'express';
import type { ConsoleSessions } from '../console/console-sessions.js';
import { requestSource } from '../console/request-source.js';
import { readSessionCookie } from '../console/session-cookie.js';

const READING = ['GET', 'HEAD'];

/**
 * Notes the session that the browser has with the console, where the request comes from a page of this server; pages of
 * others can change nothing with it, nor read.
 */
export function consoleSession(sessions: ConsoleSessions): RequestHandler {
  return (req, res, next) => {
    const source = requestSource(req);
    if (source === 'own' || (source === 'unknown' && READING.includes(req.method))) {
      res.locals.session = readSessionCookie(req, sessions);
    }
    next();
  };
}
