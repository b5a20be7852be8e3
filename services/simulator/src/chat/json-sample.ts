import { z } from 'zod';

const MAX_DEPTH = 12;
const MAX_NODES = 2000;
const MAX_ITEMS = 50;

const schemaSchema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  format: z.string().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  multipleOf: z.number().positive().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  items: z.unknown().optional(),
  prefixItems: z.array(z.unknown()).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
});

type JsonSchema = z.infer<typeof schemaSchema>;

const FORMATS: Record<string, string> = {
  'date-time': '2026-11-01T12:00:00Z',
  date: '2026-11-01',
  time: '12:00:00Z',
  duration: 'PT5M',
  email: 'someone@example.com',
  hostname: 'example.com',
  uri: 'https://example.com/',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '6f1c2a7e-8a3b-4f0d-9b57-2f6f3f1d8c11',
};

/**
 * Makes a JSON value that fits a JSON schema. Strings take the given words in turn, the last one first, for that is
 * mostly what a question is about. `pattern` and `not` are not heeded. References may be recursive; what they
 * need not contain is left out from a certain depth and size on.
 * @param words at least one
 */
export function sampleJson(schema: unknown, words: readonly string[]): unknown {
  return new Sampler(schema, words).sample(schema, 0);
}

class Sampler {
  readonly #root: unknown;
  readonly #words: readonly string[];
  #word = 0;
  #nodes = 0;

  constructor(root: unknown, words: readonly string[]) {
    this.#root = root;
    this.#words = words;
  }

  sample(schema: unknown, depth: number): unknown {
    const node = this.#resolve(schema, 0);
    if (node === undefined) return this.#nextWord();
    if (depth > 2 * MAX_DEPTH) return null;
    if (node.const !== undefined) return node.const;
    if (node.enum && node.enum.length > 0) return node.enum[0];
    const variants = node.anyOf ?? node.oneOf;
    if (variants && variants.length > 0) return this.sample(this.#choose(variants, depth), depth + 1);
    return this.#byType(node, depth);
  }

  #byType(node: JsonSchema, depth: number): unknown {
    switch (typeOf(node)) {
      case 'object':
        return this.#object(node, depth);
      case 'array':
        return this.#array(node, depth);
      case 'integer':
        return sampleNumber(node, true);
      case 'number':
        return sampleNumber(node, false);
      case 'boolean':
        return true;
      case 'null':
        return null;
      default:
        return this.#string(node);
    }
  }

  #object(node: JsonSchema, depth: number): Record<string, unknown> {
    const required = new Set(node.required);
    const names = Object.keys(node.properties ?? {}).filter((name) => required.has(name) || !this.#isLarge(depth));
    const entries: [string, unknown][] = [];
    for (const name of names) entries.push([name, this.sample(node.properties?.[name], depth + 1)]);
    for (const name of required) if (!names.includes(name)) entries.push([name, this.#nextWord()]);
    return Object.fromEntries(entries);
  }

  #array(node: JsonSchema, depth: number): unknown[] {
    const fixed = node.prefixItems ?? [];
    const least = Math.min(node.minItems ?? 0, MAX_ITEMS);
    const wanted = this.#isLarge(depth) ? least : Math.max(least, fixed.length === 0 ? 1 : fixed.length);
    const length = Math.min(wanted, node.maxItems ?? wanted);
    return Array.from({ length }, (_, index) => this.sample(fixed[index] ?? node.items, depth + 1));
  }

  #string({ format = '', minLength = 0, maxLength }: JsonSchema): string {
    const formatted = FORMATS[format];
    if (formatted !== undefined) return formatted;
    let text = this.#nextWord();
    while (text.length < Math.min(minLength, 10_000)) text += ` ${this.#nextWord()}`;
    return maxLength === undefined ? text : text.slice(0, maxLength);
  }

  // Deep down, the variant that ends soonest ends a recursion.
  #choose(variants: readonly unknown[], depth: number): unknown {
    if (!this.#isLarge(depth)) return variants[0];
    const simple = variants.find((variant) => {
      const node = this.#resolve(variant, 0);
      return node !== undefined && node.anyOf === undefined && !['object', 'array'].includes(typeOf(node));
    });
    return simple ?? variants[0];
  }

  #resolve(schema: unknown, hops: number): JsonSchema | undefined {
    this.#nodes += 1;
    // A schema that is put together from itself, many times over, has no end.
    if (this.#nodes > 10 * MAX_NODES) return undefined;
    const node = schemaSchema.safeParse(schema).data;
    if (node?.$ref !== undefined && hops < MAX_DEPTH) return this.#resolve(this.#lookUp(node.$ref), hops + 1);
    if (!node?.allOf || hops >= MAX_DEPTH) return node;
    const { allOf, ...own } = node;
    const merged: JsonSchema = { ...own };
    for (const part of allOf.map((inner) => this.#resolve(inner, hops + 1))) {
      Object.assign(merged, part, {
        properties: { ...merged.properties, ...part?.properties },
        required: [...(merged.required ?? []), ...(part?.required ?? [])],
      });
    }
    return merged;
  }

  #lookUp(reference: string): unknown {
    let at = this.#root;
    for (const step of reference.split('/').slice(1)) {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      at = z.record(z.string(), z.unknown()).safeParse(at).data?.[name];
    }
    return at;
  }

  #isLarge(depth: number): boolean {
    return depth > MAX_DEPTH || this.#nodes > MAX_NODES;
  }

  #nextWord(): string {
    this.#word += 1;
    return this.#words.at(-(((this.#word - 1) % this.#words.length) + 1)) ?? '';
  }
}

function typeOf(node: JsonSchema): string {
  const types = [node.type ?? []].flat();
  return types.find((type) => type !== 'null') ?? types[0] ?? (node.properties ? 'object' : 'string');
}

function sampleNumber(node: JsonSchema, isInteger: boolean): number {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = node;
  const unit = node.multipleOf ?? (isInteger ? 1 : undefined);
  const least = Math.max(minimum, exclusiveMinimum);
  const most = Math.min(maximum, exclusiveMaximum);
  const fits = (value: number) =>
    value >= minimum && value <= maximum && value > exclusiveMinimum && value < exclusiveMaximum;
  const candidates = [1, 0, least, most, (least + most) / 2, least + (unit ?? 1), most - (unit ?? 1)]
    .filter(Number.isFinite)
    .flatMap((value) => (unit ? [Math.ceil(value / unit) * unit, Math.floor(value / unit) * unit] : [value]));
  return candidates.find(fits) ?? 0;
}
