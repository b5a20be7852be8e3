const MAX_LENGTH = 300;

// Bounds the work of the patterns below, some of which are quadratic.
const MAX_INPUT = 8_000;

const SECRETS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/\bxai-[\w.-]*/gi, '[key]'],
  [/\bBearer\s+\S+/gi, '[key]'],
  // A key that the upstream masked itself, "xa***9f": its ends are still part of it.
  [/[\w.-]*\*{2,}[\w.-]*/g, '[key]'],
  [/[\w.+-]+@[\w-]+\.[\w.-]+/g, '[account]'],
  [/\b[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b/gi, '[id]'],
  [/\b(team|account|user|org|organization)(?:[\s_-]?id)?["']?[\s:=/_#"'-]+[\w-]*\d[\w-]*/gi, '$1 [id]'],
  [/\b[0-9a-f]{16,}\b/gi, '[id]'],
];

/**
 * A text of the upstream as it may be shown and stored: without markup, control characters, keys, ids of teams and
 * accounts; one line of at most 300 characters. Empty when nothing is left.
 * @param secret the key of the call, removed wherever it stands
 */
export function cleanMessage(text: string, secret: string): string {
  const withoutSecret = secret === '' ? text : text.replaceAll(secret, '[key]');
  const plain = cut(withoutSecret)
    .replace(/<(script|style)\b[^<>]*>[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<!--[\s\S]*?-->|<[^<>]*>/g, ' ')
    // Lone surrogates and NUL cannot be stored as text in Postgres.
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .trim();
  const clean = SECRETS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), plain);
  return shorten(clean);
}

// Ends at a blank: half a key would not look like one any more.
function cut(text: string): string {
  return text.length <= MAX_INPUT ? text : text.slice(0, text.lastIndexOf(' ', MAX_INPUT) + 1);
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_LENGTH ? text : `${characters.slice(0, MAX_LENGTH - 1).join('')}…`;
}
