import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPublicUrl, InvalidCidrError } from '../src/index.js';
import { BAD_URLS, PRIVATE_HOSTS, PUBLIC_HOSTS } from './address-tables.js';

describe('checkPublicUrl', () => {
  it.each(PRIVATE_HOSTS)('refuses %s', (host) => {
    for (const url of [`http://${host}/a.png`, `https://${host}`, `http://${host}:8080/`]) {
      expect(checkPublicUrl(url)).toMatchObject({ ok: false, reason: 'blocked_address' });
    }
  });

  it.each(PUBLIC_HOSTS)('accepts %s', (host) => {
    for (const url of [`http://${host}/a.png?b#c`, `https://${host}`, `http://${host}:443/`, `https://${host}:80`]) {
      expect(checkPublicUrl(url)).toEqual({ ok: true, url: new URL(url) });
    }
    expect(checkPublicUrl(`http://${host}:81/`)).toMatchObject({ ok: false, reason: 'bad_url' });
  });

  it.each(BAD_URLS)('refuses the URL %j', (url) => {
    expect(checkPublicUrl(url)).toMatchObject({ ok: false, reason: 'bad_url', message: expect.any(String) });
  });

  it('refuses every address of a private network, however it is written', () => {
    const octet = fc.nat({ max: 255 });
    const address = fc.oneof(
      fc.tuple(fc.constantFrom(0, 10, 127, 224, 240, 255), octet, octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    );
    const hex = (value: number) => value.toString(16);
    fc.assert(
      fc.property(address, ([a, b, c, d]) => {
        const number = ((a * 256 + b) * 256 + c) * 256 + d;
        const [high, low] = [hex(a * 256 + b), hex(c * 256 + d)];
        const forms = [
          `${a}.${b}.${c}.${d}`,
          `${number}`,
          `0x${hex(number)}`,
          `0${number.toString(8)}`,
          `0x${hex(a)}.0${b.toString(8)}.${c * 256 + d}`,
          `[::ffff:${high}:${low}]`,
          `[::${high}:${low}]`,
          `[64:ff9b::${high}:${low}]`,
          `[2002:${high}:${low}::1]`,
        ];
        for (const host of forms) expect(checkPublicUrl(`http://${host}/`)).toMatchObject({ ok: false });
      }),
    );
  });

  it('accepts the networks that the operator allows, on every port, and no others', () => {
    const options = { allow: ['10.1.0.0/16', 'fd00::/8'] };
    for (const host of ['10.1.2.3', '[::ffff:10.1.2.3]', '[fd00::1]']) {
      expect(checkPublicUrl(`http://${host}:9000/`, options)).toMatchObject({ ok: true });
    }
    expect(checkPublicUrl('http://10.2.0.1/', options)).toMatchObject({ reason: 'blocked_address' });
    expect(checkPublicUrl('http://8.8.8.8:9000/', options)).toMatchObject({ reason: 'bad_url' });
    // The name may resolve into an allowed network.
    expect(checkPublicUrl('http://minio:9000/', options)).toMatchObject({ ok: true });
  });

  it('accepts a trusted origin exactly', () => {
    const options = { trustedOrigins: ['http://127.0.0.1:5555/v1'] };
    expect(checkPublicUrl('http://127.0.0.1:5555/video.mp4', options)).toMatchObject({ ok: true });
    expect(checkPublicUrl('http://2130706433:5555/', options)).toMatchObject({ ok: true });
    for (const url of [
      'http://127.0.0.1:5556/',
      'https://127.0.0.1:5555/',
      'http://127.0.0.2:5555/',
      'http://user@127.0.0.1:5555/',
    ]) {
      expect(checkPublicUrl(url, options)).toMatchObject({ ok: false });
    }
  });

  it('refuses an allow list that is none', () => {
    expect(() => checkPublicUrl('http://8.8.8.8/', { allow: ['10.0.0.0'] })).toThrow(InvalidCidrError);
  });
});
