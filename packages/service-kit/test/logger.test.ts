import { describe, expect, it } from 'vitest';
import { createLogger } from '../src/index.js';

/** Logs with a logger of its own; returns what was written, a text a line. */
function written(log: (logger: ReturnType<typeof createLogger>) => void, level = 'info'): string[] {
  const lines: string[] = [];
  log(
    createLogger({
      service: 'chat',
      instance: 'chat-2',
      level,
      destination: { write: (line: string) => void lines.push(line) },
    }),
  );
  return lines;
}

describe('createLogger', () => {
  it('writes one JSON line an event, with service, instance, level and time', () => {
    const lines = written((log) => log.info({ task_id: 'task_1' }, 'claimed\nit'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]*\n$/);
    const { time, ...event } = JSON.parse(lines[0] ?? '');
    expect(event).toEqual({
      level: 'info',
      service: 'chat',
      instance: 'chat-2',
      task_id: 'task_1',
      msg: 'claimed\nit',
    });
    expect(new Date(time).toISOString()).toBe(time);
  });

  it('leaves out what is below its level', () => {
    expect(written((log) => log.info('quiet'), 'warn')).toEqual([]);
  });

  it.each(['secret', 'password', 'authorization', 'apiKey', 'api_key', 'credentialsKey'])('removes %s', (field) => {
    const value = 'xai-s3cret';
    const [line = ''] = written((log) =>
      log.child({ child: { [field]: value } }).warn(
        {
          [field]: value,
          credential: { id: 'c1', [field]: value },
          request: { headers: { [field]: value } },
          list: [{ [field]: value }],
          err: Object.assign(new Error('refused'), {
            [field]: value,
            cause: Object.assign(new Error('because'), { [field]: value }),
          }),
        },
        'asked',
      ),
    );
    expect(line).not.toContain(value);
    expect(line).toContain('[redacted]');
    expect(JSON.parse(line)).toMatchObject({ credential: { id: 'c1' }, msg: 'asked' });
  });

  it.each([
    ['xai-0123456789abcdefABCD', 'wrong key xai-0123456789abcdefABCD, he said'],
    ['sk-Zm9vYmFyYmF6cXV4-_zA', 'the key "sk-Zm9vYmFyYmF6cXV4-_zA"'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['any-key.at~all+1', 'authorization: Bearer any-key.at~all+1'],
    ['pass%20word', 'connecting to nats://gateway:pass%20word@nats:4222 failed'],
  ])('removes %s from texts', (secret, text) => {
    const err = new Error(text, { cause: new Error(text) });
    const lines = written((log) => log.child({ text }).error({ err, list: [text] }, text));
    expect(lines.join()).not.toContain(secret);
    const { msg } = JSON.parse(lines[0] ?? '');
    expect(msg).toBe(text.replace(secret, '[redacted]'));
  });

  it.each([null, 'a text', 7])('writes what was thrown and is no error: %s', (err) => {
    const [line = ''] = written((log) => log.error({ err }, 'failed'));
    expect(JSON.parse(line)).toMatchObject({ err, msg: 'failed' });
  });

  it('leaves other texts as they are', () => {
    const text =
      'task-engine/dist/claimed-task.js xai-upstream.js sk-1 http://127.0.0.1:9/v1/a@b postgresql://host:5432/db';
    const [line = ''] = written((log) => log.info(text));
    expect(JSON.parse(line).msg).toBe(text);
  });

  it('writes an error with its causes', () => {
    const err = new Error('outer', { cause: new TypeError('inner') });
    const [line = ''] = written((log) => log.error({ err }, 'failed'));
    expect(JSON.parse(line).err).toMatchObject({
      message: 'outer',
      stack: expect.stringContaining('logger.test'),
      cause: { type: 'TypeError', message: 'inner' },
    });
  });
});
