import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_MODELS, type ListedModel, MODEL_KINDS, type Model, mergeModels } from '../src/index.js';

const PUBLIC = DEFAULT_MODELS.filter(({ id, upstream }) => id !== upstream);
/** The names that the documents give. The upstream has the others. */
const OF_THE_DOCUMENTS = [
  'grok-2',
  'grok-3',
  'grok-4',
  'grok-imagine-1.0',
  'grok-imagine-1.0-edit',
  'grok-imagine-1.0-video',
];

function listed(id: string, changes: Partial<ListedModel> = {}): ListedModel {
  return { kind: 'chat', id, aliases: [], ...changes };
}

function find(models: readonly Model[], id: string): Model | undefined {
  return models.find((model) => model.id === id);
}

const kinds = fc.constantFrom(...MODEL_KINDS);
const names = fc.oneof(
  fc.constantFrom(...DEFAULT_MODELS.map(({ upstream }) => upstream)),
  fc.stringMatching(/^new-[a-c]$/),
);
/** Lists as an upstream has them: no name is there twice. */
const lists: fc.Arbitrary<ListedModel[]> = fc.uniqueArray(
  fc.record({
    kind: kinds,
    id: names,
    aliases: fc.array(fc.stringMatching(/^alias-[a-d]$/), { maxLength: 2 }),
    created: fc.option(fc.nat(), { nil: undefined }),
  }),
  { selector: ({ id }) => id, maxLength: 8 },
);

describe('mergeModels', () => {
  it('keeps what is known while nothing is listed', () => {
    expect(mergeModels(DEFAULT_MODELS, [])).toEqual(DEFAULT_MODELS);
  });

  it('adds a listed model under its id and its aliases', () => {
    const merged = mergeModels(DEFAULT_MODELS, [listed('grok-5', { aliases: ['grok-next'], created: 7 })]);
    expect(find(merged, 'grok-5')).toEqual({ id: 'grok-5', kind: 'chat', upstream: 'grok-5', created: 7 });
    expect(find(merged, 'grok-next')).toEqual({ id: 'grok-next', kind: 'chat', upstream: 'grok-5', created: 7 });
  });

  it('retires a known model that is not listed any more, of kinds that are listed', () => {
    const merged = mergeModels(DEFAULT_MODELS, [listed('grok-4.7'), listed('grok-4.6')]);
    expect(find(merged, 'grok-4.5')).toBeUndefined();
    expect(merged.filter(({ kind }) => kind !== 'chat')).toEqual(DEFAULT_MODELS.filter(({ kind }) => kind !== 'chat'));
  });

  it('leads public names to what is current, with the abilities that are known of it', () => {
    const toKnown = mergeModels(DEFAULT_MODELS, [listed('grok-4.5'), listed('grok-9', { created: 9 })]);
    expect(find(toKnown, 'grok-2')).toEqual({ ...find(DEFAULT_MODELS, 'grok-4.5'), id: 'grok-2' });
    const toNew = mergeModels(DEFAULT_MODELS, [listed('old', { created: 8 }), listed('new', { created: 9 })]);
    expect(find(toNew, 'grok-2')).toEqual({ id: 'grok-2', kind: 'chat', upstream: 'new', created: 9 });
  });

  it('leaves a public name to the model that the upstream gives it to', () => {
    const merged = mergeModels(DEFAULT_MODELS, [listed('grok-4.7'), listed('grok-5', { aliases: ['grok-latest'] })]);
    expect(find(merged, 'grok-latest')?.upstream).toBe('grok-5');
    expect(find(merged, 'grok-2')?.upstream).toBe('grok-4.7');
  });

  it('does not give a name of the documents to a listed model that has the same', () => {
    const merged = mergeModels(DEFAULT_MODELS, [listed('grok-4.7'), listed('grok-3')]);
    expect(find(merged, 'grok-3')?.upstream).toBe('grok-4.7');
  });

  it('has each name once, and every listed name', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const ids = mergeModels(DEFAULT_MODELS, list).map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids).toEqual(expect.arrayContaining(list.flatMap(({ id, aliases }) => [id, ...aliases])));
      }),
    );
  });

  it('calls of a kind that is listed nothing upstream but what is listed', () => {
    fc.assert(
      fc.property(lists, (list) => {
        for (const { kind, upstream } of mergeModels(DEFAULT_MODELS, list)) {
          const ofKind = list.filter((model) => model.kind === kind);
          const there = ofKind.flatMap(({ id, aliases }) => [id, ...aliases]);
          if (ofKind.length > 0) expect(there).toContain(upstream);
        }
      }),
    );
  });

  it('has every name of the documents with its kind, whatever is listed', () => {
    expect(PUBLIC.map(({ id }) => id)).toEqual(expect.arrayContaining(OF_THE_DOCUMENTS));
    fc.assert(
      fc.property(lists, (list) => {
        const merged = mergeModels(DEFAULT_MODELS, list);
        for (const { id, kind } of PUBLIC) expect(find(merged, id)?.kind).toBe(kind);
      }),
    );
  });

  it('knows of a listed model what is known of it, also under its aliases', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const merged = mergeModels(DEFAULT_MODELS, list);
        for (const { upstream, chat, kind } of merged) {
          const known = DEFAULT_MODELS.find((model) => model.id === upstream);
          if (known?.kind === kind) expect(chat).toEqual(known.chat);
        }
      }),
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(lists, (list) => {
        const merged = mergeModels(DEFAULT_MODELS, list);
        expect(mergeModels(merged, list)).toEqual(merged);
      }),
    );
  });
});
