const MAX_MS = 24 * 60 * 60 * 1000;

/**
 * The wait that a Retry-After header asks for, in whole milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3).
 * Undefined when it is absent or neither of them. At most a day, whatever the upstream says.
 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  // Date.parse takes "1" or "-5" for a date; every HTTP date begins with the name of a day.
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Math.ceil(Number(text) * 1000)
    : /^[A-Za-z]/.test(text)
      ? Date.parse(text) - now
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(MAX_MS, Math.max(0, ms));
}
