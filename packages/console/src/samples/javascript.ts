import { KEY_VARIABLE, type SampleRequest, type SampleServer } from './sample-request.js';

/** A request in JavaScript, for Node and, but for the key and files, for browsers. */
export function javascriptSample(request: SampleRequest, { origin, needsKey }: SampleServer): string {
  const { path, json, form, streams, watch } = request;
  const key = `Authorization: \`Bearer \${process.env.${KEY_VARIABLE}}\``;
  const headers = [...(needsKey ? [key] : []), ...(json ? [`'Content-Type': 'application/json'`] : [])];
  return [
    ...(form && form.files.length > 0 ? [`import { openAsBlob } from 'node:fs';`, ''] : []),
    ...(form ? formLines(form) : []),
    `const answer = await fetch('${origin}${path}', {`,
    `  method: 'POST',`,
    ...(headers.length > 0 ? [`  headers: { ${headers.join(', ')} },`] : []),
    ...(json ? [`  body: JSON.stringify(${indented(JSON.stringify(json, null, 2))}),`] : []),
    ...(form ? ['  body: form,'] : []),
    '});',
    ...(streams
      ? printStream('answer')
      : watch === undefined
        ? ['console.log(await answer.json());']
        : watchLines(watch, origin, needsKey ? key : undefined)),
  ].join('\n');
}

function formLines({ fields, files }: NonNullable<SampleRequest['form']>): string[] {
  return [
    'const form = new FormData();',
    ...Object.entries(fields).map(([name, value]) => `form.append('${name}', ${JSON.stringify(value)});`),
    ...files.map(({ field, name }) => {
      const file = JSON.stringify(name);
      return `form.append('${field}', await openAsBlob(${file}), ${file});`;
    }),
    '',
  ];
}

function watchLines(watch: string, origin: string, key: string | undefined): string[] {
  return [
    'const { task_id } = await answer.json();',
    `const events = await fetch(\`${origin}${watch}/\${task_id}/stream\`${key === undefined ? '' : `, { headers: { ${key} } }`});`,
    ...printStream('events'),
  ];
}

function printStream(name: string): string[] {
  return [
    `for await (const text of ${name}.body.pipeThrough(new TextDecoderStream())) {`,
    '  process.stdout.write(text);',
    '}',
  ];
}

function indented(text: string): string {
  return text.replaceAll('\n', '\n  ');
}
