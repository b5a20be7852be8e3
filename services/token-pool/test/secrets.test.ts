import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecryptError, hashSecret, Secrets } from '../src/secrets.js';

const secrets = new Secrets(randomBytes(32));

describe('Secrets', () => {
  it('gives back what was encrypted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (secret, owner) => {
        expect(secrets.decrypt(secrets.encrypt(secret, owner), owner)).toBe(secret);
      }),
    );
  });

  it('never encrypts to the same bytes twice', () => {
    expect(secrets.encrypt('xai-1', 'cred_1')).not.toEqual(secrets.encrypt('xai-1', 'cred_1'));
  });

  it('refuses another key and another row', () => {
    const stored = secrets.encrypt('xai-1', 'cred_1');
    expect(() => new Secrets(randomBytes(32)).decrypt(stored, 'cred_1')).toThrow(DecryptError);
    expect(() => secrets.decrypt(stored, 'cred_2')).toThrow(DecryptError);
  });

  it('decrypts what an old key encrypted, and encrypts with the present one', () => {
    const [old, present] = [randomBytes(32), randomBytes(32)];
    const stored = new Secrets(old).encrypt('xai-1', 'cred_1');
    const both = new Secrets(present, [old]);
    expect(both.decrypt(stored, 'cred_1')).toBe('xai-1');
    const anew = both.encrypt('xai-1', 'cred_1');
    expect(new Secrets(present).decrypt(anew, 'cred_1')).toBe('xai-1');
    expect(anew.subarray(0, 4)).toEqual(both.keyId);
    expect(() => new Secrets(old).decrypt(anew, 'cred_1')).toThrow(DecryptError);
  });

  it('refuses every changed or cut text', () => {
    const stored = secrets.encrypt('xai-1', 'cred_1');
    for (let i = 0; i < stored.length; i++) {
      const changed = stored.map((byte, index) => (index === i ? byte ^ 1 : byte));
      expect(() => secrets.decrypt(changed, 'cred_1')).toThrow(DecryptError);
      expect(() => secrets.decrypt(stored.subarray(0, i), 'cred_1')).toThrow(DecryptError);
    }
  });
});

describe('hashSecret', () => {
  it('is equal for equal secrets only', () => {
    expect(hashSecret('xai-1')).toEqual(hashSecret('xai-1'));
    expect(hashSecret('xai-1')).not.toEqual(hashSecret('xai-2'));
  });
});
