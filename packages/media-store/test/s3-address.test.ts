import { describe, expect, it } from 'vitest';
import { parseS3Address } from '../src/s3/s3-address.js';

describe('the address of a place in S3', () => {
  it.each([
    ['s3://media', { bucket: 'media', prefix: '' }],
    ['s3://media/', { bucket: 'media', prefix: '' }],
    ['s3://media/a/b', { bucket: 'media', prefix: 'a/b/' }],
    ['s3://media/a_b/?region=eu-west-1', { bucket: 'media', prefix: 'a_b/', region: 'eu-west-1' }],
    [
      's3://media?endpoint=http://minio:9000&region=x',
      { bucket: 'media', prefix: '', endpoint: 'http://minio:9000', region: 'x' },
    ],
    ['s3://media?endpoint=https%3A%2F%2Fs3.example', { bucket: 'media', prefix: '', endpoint: 'https://s3.example' }],
  ])('%s', (text, address) => {
    expect(parseS3Address(text)).toEqual(address);
  });

  it.each([
    ['/data/media', 'must be s3://'],
    ['s3:///prefix', 'must begin with s3://BUCKET'],
    ['https://bucket.s3.amazonaws.com', 'must begin with s3://BUCKET'],
    ['s3://user:hunter2@media', 'must not have credentials'],
    ['s3://media:9000', 'must begin with s3://BUCKET'],
    ['s3://media/%zz', 'must have a prefix of letters'],
    ['s3://media?endpoint=minio:9000', 'http or https'],
    ['s3://media?endpoint=/x', 'http or https'],
    ['s3://media?endpont=http://minio', 'no parameter "endpont"'],
  ])('refuses %s', (text, message) => {
    expect(() => parseS3Address(text)).toThrow(message);
    expect(() => parseS3Address(text)).not.toThrow('hunter2');
  });
});
