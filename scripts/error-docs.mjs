// Writes docs/errors.md from the error catalogue. With --check it writes nothing and fails when the file is out of date.
import { join } from 'node:path';
import { generate } from './generated.mjs';
import { root } from './setup.mjs';

const { ApiError, ERROR_CATALOGUE, inAsyncDialect } = await import(join(root, 'packages/contracts/dist/index.js'));

const HEAD = `# Errors

<!-- Written by scripts/error-docs.mjs from packages/contracts/src/error-catalogue.ts. -->

Every error has one form, with all four keys; those that say nothing are null:

\`\`\`json
{ "error": { "message": "Prompt cannot be empty", "type": "invalid_request_error", "param": "prompt", "code": "empty_prompt" } }
\`\`\`

\`code\` is what programs look at, \`message\` is for people, \`param\` names the parameter at fault where there is one. An unknown
task has \`"detail": "任务不存在"\` beside \`error\` too. A stream that has begun ends with the same object as an event; a task that
failed has \`error.code\` and \`error.message\`.

Headers that tell what to do: \`Retry-After\` after how many seconds it may work; \`x-should-retry: false\` where a second request
might be billed again; \`Allow\` which methods a path has; \`x-request-id\` what to name when asking for help.

On \`POST /v1/video/generations/async\` and \`POST /v1/images/generations/async\` some have another status, which is the second one
here.

| code | status | type | message | what to do |
|---|---|---|---|---|
`;

const lines = Object.entries(ERROR_CATALOGUE).map(([code, { status, type, message, hint }]) => {
  const async = inAsyncDialect(new ApiError(code)).status;
  const statuses = async === status ? status : `${status}, ${async}`;
  return `| \`${code}\` | ${statuses} | \`${type}\` | ${cell(message)} | ${cell(hint)} |\n`;
});
generate('docs/errors.md', HEAD + lines.join(''));

function cell(text) {
  return text.replaceAll('|', '\\|').replace(/\{(\w+)\}/g, '`{$1}`');
}
