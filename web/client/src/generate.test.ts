import { describe, expect, it } from 'vitest';

type Generate = (document: unknown) => Record<string, string>;

// Plain JavaScript, without types of its own.
const script: string = '../generate.mjs';
const { generate } = (await import(script)) as { generate: Generate };

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: unknown, examples = {}) => ({ 'application/json': { schema, examples } });

const document = {
  paths: {
    '/v1/store/things/{thing_id}': {
      patch: {
        operationId: 'updateThing',
        summary: 'Change a thing',
        parameters: [
          { name: 'thing_id', in: 'path', required: true, description: 'Its id.', schema: {} },
          { name: 'If-Match', in: 'header', required: true, schema: {} },
          { name: 'Idempotency-Key', in: 'header', required: true, schema: {} },
        ],
        requestBody: { required: true, content: json(reference('Thing')) },
        responses: {
          200: { content: json(reference('Thing')) },
          409: { content: { 'application/problem+json': { examples: { thing_taken: {} } } } },
        },
        'x-repeatable': true,
      },
    },
    '/v1/admin/things': {
      get: {
        operationId: 'listThings',
        summary: 'All things',
        parameters: [
          { name: 'sort', in: 'query', schema: { type: 'string', enum: ['newest', 'title'] } },
          { name: 'cursor', in: 'query', schema: { type: 'string' } },
        ],
        responses: { 200: { content: json(reference('Thing')) } },
      },
    },
  },
  components: {
    schemas: {
      Thing: {
        description: 'One thing.',
        type: 'object',
        required: ['id'],
        properties: {
          id: { type: 'string' },
          kind: { type: 'string', enum: ['a', 'b'] },
          size: { type: ['integer', 'null'] },
          names: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
          prices: { type: 'object', additionalProperties: { type: 'integer' } },
        },
      },
      Both: { allOf: [reference('Thing'), { type: 'object', properties: { x: { const: 'y' } } }] },
    },
    examples: { thing_taken: {} },
  },
};

describe('the generated client', () => {
  const files = generate(document);

  it('has the schemas as types', () => {
    const text = files['schemas.ts'] ?? '';
    expect(text).toContain('/** One thing. */\nexport interface Thing {');
    expect(text).toContain('  id: string;\n');
    expect(text).toContain("  kind?: 'a' | 'b' | undefined;\n");
    expect(text).toContain('  size?: number | null | undefined;\n');
    expect(text).toContain('  names?: (string | null)[] | undefined;\n');
    expect(text).toContain('  prices?: Record<string, number> | undefined;\n');
    expect(text).toContain("export type Both = Thing & {\n  x?: 'y' | undefined;\n};");
    expect(text).toContain("export type ErrorCode =\n  | 'thing_taken';");
  });

  it('has the operations as rows and methods', () => {
    const text = files['store.ts'] ?? '';
    expect(text).toContain('  thing_id: unknown;\n');
    expect(text).toContain('  if_match: number | string;\n');
    expect(text).toContain('  idempotency_key?: string | undefined;\n');
    expect(text).toContain('  body: Thing;\n');
    expect(text).toContain("  takes: 'json',\n  keyed: true,\n  repeatable: true,\n");
    expect(text).toContain('updateThing(args: UpdateThingArgs, options?: CallOptions): Promise<Thing> {');
    expect(text).toContain('Problems: thing_taken.');
  });

  it('keeps store and admin apart', () => {
    expect(files['store.ts']).not.toContain('listThings');
    expect(files['admin.ts']).toContain("  sort?: 'newest' | 'title' | undefined;\n");
    expect(files['admin.ts']).toContain('  cursor?: string | null | undefined;\n');
    expect(files['admin.ts']).toContain('args: ListThingsArgs = {}');
  });

  it('is the same for the same document', () => {
    expect(generate(document)).toEqual(files);
  });

  it('refuses a header field that it does not know', () => {
    const odd = structuredClone(document);
    odd.paths['/v1/store/things/{thing_id}'].patch.parameters[2] = {
      name: 'X-New',
      in: 'header',
      required: true,
      schema: {},
    };
    expect(() => generate(odd)).toThrow('updateThing: no argument stands for X-New');
  });
});
