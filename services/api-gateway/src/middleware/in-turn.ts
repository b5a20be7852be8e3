import type { RequestHandler } from 'express';

/** Several middlewares as one: each runs when the one before has let the request pass. */
export function inTurn(...handlers: readonly RequestHandler[]): RequestHandler {
  return async (req, res, next) => {
    for (const handler of handlers) {
      let passed = false;
      await handler(req, res, (err?: unknown) => {
        if (err) throw err;
        passed = true;
      });
      if (!passed) return;
    }
    next();
  };
}
