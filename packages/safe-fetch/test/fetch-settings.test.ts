import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fetchSettings } from '../src/index.js';

const schema = z.object(fetchSettings);

describe('the settings', () => {
  it('are a list of networks, and the URL of a proxy', () => {
    expect(schema.parse({})).toEqual({ FETCH_ALLOW: [] });
    expect(schema.parse({ FETCH_ALLOW: ' 10.0.0.0/8, ,fd00::/8', FETCH_PROXY: 'http://me:secret@proxy:3128' })).toEqual(
      {
        FETCH_ALLOW: ['10.0.0.0/8', 'fd00::/8'],
        FETCH_PROXY: 'http://me:secret@proxy:3128',
      },
    );
  });

  it.each([
    [{ FETCH_ALLOW: '10.0.0.0/8,localhost' }, /"localhost" is no network/],
    [{ FETCH_ALLOW: '10.0.0.1' }, /"10.0.0.1" is no network/],
    [{ FETCH_PROXY: 'socks5://me:secret@proxy' }, /must be a URL/],
    [{ FETCH_PROXY: 'proxy:3128' }, /must be a URL/],
  ])('are refused when they are wrong, without a password: %o', (env, message) => {
    const { error } = schema.safeParse(env);
    expect(error?.issues.map((issue) => issue.message).join()).toMatch(message);
    expect(JSON.stringify(error?.issues)).not.toContain('secret');
  });
});
