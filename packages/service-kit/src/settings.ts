import { z } from 'zod';
import { withSettingFiles } from './setting-files.js';

/** One or more settings are missing or wrong. `faults` has one sentence for each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(readonly faults: readonly string[]) {
    super(`bad settings: ${faults.join('; ')}`);
  }
}

/**
 * Reads a service's settings from the environment, once, at start-up, each from `NAME` or from the file that
 * `NAME_FILE` names. An empty variable, or file, counts as not set. Unknown variables are ignored.
 * @throws SettingsError listing every fault, never the first one only and never a secret's value
 */
export function readSettings<Schema extends z.ZodObject>(schema: Schema, env: NodeJS.ProcessEnv): z.infer<Schema> {
  const given = withSettingFiles(Object.keys(schema.shape), env);
  const present = Object.fromEntries(
    Object.entries(given.env).filter(([, value]) => value !== undefined && value !== ''),
  );
  // What else is missing may be so because of these.
  if (given.faults.length > 0) throw new SettingsError(given.faults);
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    // The path goes on into the value where that is a list.
    const name = String(issue.path[0]);
    return name in present ? `${name}: ${issue.message}` : `${name} is not set`;
  });
  throw new SettingsError(faults);
}

/** A whole number within bounds. */
export function integerSetting(bounds: { min?: number; max?: number }) {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds;
  return z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    context.addIssue({ code: 'custom', message: `must be a whole number from ${min} to ${max}, not "${text}"` });
    return z.NEVER;
  });
}

const DURATION_UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time such as `90s`, `15m`, `24h` or `7d`, in milliseconds. */
export function durationSetting() {
  return z.string().transform((text, context) => {
    const match = /^(\d+)([smhd])$/.exec(text);
    const unit = match?.[2];
    if (match && (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd')) {
      return Number(match[1]) * DURATION_UNITS_MS[unit];
    }
    context.addIssue({
      code: 'custom',
      message: `must be a length of time such as 90s, 15m, 24h or 7d, not "${text}"`,
    });
    return z.NEVER;
  });
}

/** `true`, `false`, `1` or `0`. */
export function booleanSetting() {
  return z
    .enum(['true', 'false', '1', '0'], { error: 'must be true or false' })
    .transform((text) => text === 'true' || text === '1');
}

/** A comma-separated list; blanks around and empty entries are dropped. */
export function listSetting() {
  return z.string().transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );
}

/** An absolute URL of one of the given schemes (`http:` with its colon), without a trailing slash. */
export function urlSetting(schemes: readonly string[]) {
  return z.string().transform((text, context) => {
    if (isUrlOf(schemes, text)) return text.replace(/\/+$/, '');
    // The value may carry a password: it is not repeated.
    context.addIssue({
      code: 'custom',
      message: `must be a URL beginning with ${schemes.map((s) => `${s}//`).join(' or ')}`,
    });
    return z.NEVER;
  });
}

/** The addresses of NATS servers, `nats://user:password@host:port`, several separated by commas. */
export function natsUrlSetting() {
  return z.string().refine((text) => text.split(',').every((url) => isUrlOf(['nats:', 'tls:'], url.trim())), {
    error: 'must be a URL beginning with nats:// or tls://, or several separated by commas',
  });
}

/** The address of a Postgres database, `postgresql://user:password@host:port/database`. */
export function databaseUrlSetting() {
  return urlSetting(['postgresql:', 'postgres:']);
}

function isUrlOf(schemes: readonly string[], text: string): boolean {
  return URL.canParse(text) && schemes.includes(new URL(text).protocol);
}
