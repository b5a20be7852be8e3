import { KEY_VARIABLE, type SampleRequest, type SampleServer } from './sample-request.js';

/** A request as a command of the shell. */
export function curlSample(
  { path, json, form, streams, watch }: SampleRequest,
  { origin, needsKey }: SampleServer,
): string {
  const key = needsKey ? [`-H "Authorization: Bearer $${KEY_VARIABLE}"`] : [];
  const lines = [
    `curl ${streams ? '-N ' : ''}-X POST ${origin}${path}`,
    ...key,
    ...(json ? [`-H "Content-Type: application/json"`, `-d ${quoted(JSON.stringify(json, null, 2))}`] : []),
    ...Object.entries(form?.fields ?? {}).map(([name, value]) => `-F ${quoted(`${name}=${value}`)}`),
    ...(form?.files ?? []).map(({ field, name }) => `-F ${quoted(`${field}=@${name}`)}`),
  ];
  const create = lines.join(' \\\n  ');
  if (watch === undefined) return create;
  const read = [`curl -N ${origin}${watch}/TASK_ID/stream`, ...key].join(' \\\n  ');
  return `${create}\n\n${read}`;
}

/** A text as one word of the shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
