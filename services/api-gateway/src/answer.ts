import type { Response } from 'express';

/** A whole reply with a JSON body. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: object;
}

/** Sends a whole reply. */
export function sendAnswer(res: Response, { status, headers, body }: Answer): void {
  res.status(status).set(headers).json(body);
}
