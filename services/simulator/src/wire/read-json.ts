import express, { type Request, type Response } from 'express';
import { z } from 'zod';
import { invalidArgument, XaiError } from './xai-error.js';

// A picture of 50 MB in a data URL is a body of 67 MB.
const parseJson = express.json({ limit: '80mb', strict: false });

const parserFault = z.object({ status: z.number(), message: z.string() });

/** The body of a request: parsed, undefined when there is none, or the error it is answered with. */
export type JsonBody = { value: unknown } | { error: XaiError };

/** Reads a request's JSON body. Never throws: what is wrong with the body is told after faults and keys had their say. */
export async function readJson(request: Request, response: Response): Promise<JsonBody> {
  const failure = await new Promise<unknown>((resolve) => {
    parseJson(request, response, resolve);
  });
  if (failure !== undefined) return { error: bodyError(failure) };
  if (request.body === undefined && hasBody(request)) {
    return { error: new XaiError(415, 'invalid-argument', 'Expected request with `Content-Type: application/json`.') };
  }
  return { value: request.body };
}

function bodyError(failure: unknown): XaiError {
  const fault = parserFault.safeParse(failure).data;
  if (fault === undefined || fault.status === 400) {
    return invalidArgument('Failed to parse the request body as JSON.', { cause: failure });
  }
  return new XaiError(fault.status, 'invalid-argument', fault.message, { cause: failure });
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
