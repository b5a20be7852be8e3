import { KEY_VARIABLE, type SampleRequest, type SampleServer } from './sample-request.js';

const INDENT = '    ';

/** A request in Python, with the library `requests`. */
export function pythonSample(request: SampleRequest, { origin, needsKey }: SampleServer): string {
  const { path, json, form, streams, watch } = request;
  const fields = Object.entries(form?.fields ?? {});
  const files = form?.files ?? [];
  const headers = needsKey ? `{"Authorization": f"Bearer {os.environ['${KEY_VARIABLE}']}"}` : undefined;
  return [
    ...(needsKey ? ['import os', ''] : []),
    'import requests',
    '',
    'answer = requests.post(',
    `${INDENT}"${origin}${path}",`,
    ...(headers === undefined ? [] : [`${INDENT}headers=${headers},`]),
    ...(json ? [`${INDENT}json=${literal(json, INDENT)},`] : []),
    ...(fields.length > 0 ? [`${INDENT}data=${literal(Object.fromEntries(fields), INDENT)},`] : []),
    ...(files.length > 0
      ? [
          `${INDENT}files=[${files.map(({ field, name }) => `("${field}", open(${JSON.stringify(name)}, "rb"))`).join(', ')}],`,
        ]
      : []),
    ...(streams ? [`${INDENT}stream=True,`] : []),
    ')',
    ...(streams
      ? printStream('answer')
      : watch === undefined
        ? ['print(answer.json())']
        : watchLines(watch, origin, headers)),
  ].join('\n');
}

function watchLines(watch: string, origin: string, headers: string | undefined): string[] {
  const more = headers === undefined ? '' : `, headers=${headers}`;
  return [
    'task_id = answer.json()["task_id"]',
    `events = requests.get(f"${origin}${watch}/{task_id}/stream"${more}, stream=True)`,
    ...printStream('events'),
  ];
}

function printStream(name: string): string[] {
  return [`for line in ${name}.iter_lines():`, `${INDENT}print(line.decode())`];
}

/** A value of JSON as Python writes it. */
function literal(value: unknown, indent: string): string {
  const inner = indent + INDENT;
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) {
    return value.length === 0
      ? '[]'
      : `[\n${value.map((each) => `${inner}${literal(each, inner)},\n`).join('')}${indent}]`;
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([name, each]) => `${inner}${JSON.stringify(name)}: ${literal(each, inner)},\n`,
    );
    return entries.length === 0 ? '{}' : `{\n${entries.join('')}${indent}}`;
  }
  return JSON.stringify(value);
}
