import type { Bus } from '@grok2api/bus';
import {
  ApiError,
  addCredentials,
  CREDENTIAL_BATCH,
  createCredentialSchema,
  type NewCredential,
  parseSecretRequest,
  toNewCredential,
} from '@grok2api/contracts';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { methodNotAllowed } from '../../middleware/errors.js';
import { askTokenPool } from '../../token-pool.js';
import { IMPORT_TYPES, type ImportEntry, readImport } from './import-format.js';

export interface AdminImportRoutesDependencies {
  bus: Bus;
}

const MAX_BYTES = 20_000_000;
const MAX_ENTRIES = 50_000;

/** What became of one entry of an import. */
interface LineReport {
  line: number;
  status: 'added' | 'restored' | 'duplicate' | 'invalid';
  id?: string;
  /** What is wrong. It repeats nothing of the line. */
  message?: string;
}

interface CheckedEntry {
  line: number;
  credential: NewCredential;
}

/** `POST /credentials/import`: adds many credentials, and reports on each line. */
export function adminImportRoutes({ bus }: AdminImportRoutesDependencies): Router {
  const router = Router();
  router
    .route('/credentials/import')
    .post(requireImportType, express.text({ type: () => true, limit: MAX_BYTES }), async (req, res) => {
      const entries = readImport(importType(req), z.string().catch('').parse(req.body));
      if (entries.length === 0 || entries.length > MAX_ENTRIES) {
        const allowed = `1 to ${MAX_ENTRIES} credentials are allowed.`;
        throw new ApiError('invalid_value', { param: 'body', values: { value: `${entries.length}`, allowed } });
      }
      const checked = entries.map(check);
      const valid = checked.filter((entry) => 'credential' in entry);
      const invalid = checked.filter((entry) => 'status' in entry);
      const data = [...(await addAll(valid, res)), ...invalid].sort((a, b) => a.line - b.line);
      res.json({ ...countByStatus(data), data });
    })
    .all(methodNotAllowed('POST'));

  /** Sent on in batches. When one fails the whole import may be sent again: what was added is found to be there. */
  async function addAll(entries: readonly CheckedEntry[], res: Response): Promise<LineReport[]> {
    const reports: LineReport[] = [];
    for (let begin = 0; begin < entries.length; begin += CREDENTIAL_BATCH) {
      const batch = entries.slice(begin, begin + CREDENTIAL_BATCH);
      const request = { credentials: batch.map(({ credential }) => credential) };
      const { results } = await askTokenPool(bus, addCredentials, request, res);
      batch.forEach(({ line }, index) => {
        const result = results[index];
        if (result) reports.push({ line, ...result });
      });
    }
    return reports;
  }

  return router;
}

const requireImportType: RequestHandler = (req, _res, next) => {
  if (importType(req) !== '') return next();
  const type = req.get('content-type') ?? 'none';
  throw new ApiError('unsupported_media_type', { values: { type, expected: IMPORT_TYPES.join(', ') } });
};

function importType(req: Request): string {
  return req.is(IMPORT_TYPES) || '';
}

function check({ line, credential }: ImportEntry): CheckedEntry | LineReport {
  try {
    return { line, credential: toNewCredential(parseSecretRequest(createCredentialSchema, credential)) };
  } catch (err) {
    if (err instanceof ApiError) return { line, status: 'invalid', message: err.message };
    throw err;
  }
}

function countByStatus(reports: readonly LineReport[]): Record<LineReport['status'], number> {
  const counts = { added: 0, restored: 0, duplicate: 0, invalid: 0 };
  for (const { status } of reports) counts[status]++;
  return counts;
}
