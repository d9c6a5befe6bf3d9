// node generate.mjs SOURCE [FOLDER]: writes src/generated/ from the API's OpenAPI document.
//
// SOURCE is a URL (http://127.0.0.1:8080/openapi.json) or a file. The same document gives the same
// bytes; `scripts/web.sh client` does it with the built program, and a test compares (web/e2e).

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const columns = 100;
const head = '// Made by generate.mjs from /openapi.json. Change the API, not this file.\n';

// The errors have a hand in how they are made (src/errors.ts).
const writtenByHand = new Set(['Problem', 'FieldProblem']);

// Answers with a secret in them, and what it is the secret of.
const keeps = {
  CartCreated: 'cart',
  OrderPlaced: 'order',
  CustomerSession: 'session',
  StaffSession: 'session',
};

// Text as a JSDoc comment.
function comment(text, indent = '') {
  if (!text) {
    return '';
  }
  const lines = [];
  for (const paragraph of text.replaceAll('*/', '* /').split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && indent.length + 3 + line.length + 1 + word.length > columns) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  if (lines.length === 1 && indent.length + lines[0].length + 7 <= columns) {
    return `${indent}/** ${lines[0]} */\n`;
  }
  const body = lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n');
  return `${indent}/**\n${body}\n${indent} */\n`;
}

const nameOf = (reference) => reference.split('/').at(-1);
const quoted = (value) => (typeof value === 'string' ? `'${value}'` : String(value));
const field = (name) => (/^[a-zA-Z_$][\w$]*$/.test(name) ? name : `'${name}'`);

// A schema as a TypeScript type.
function typeOf(schema, indent = '') {
  if (schema.$ref !== undefined) {
    return nameOf(schema.$ref);
  }
  if (schema.const !== undefined) {
    return quoted(schema.const);
  }
  if (schema.enum !== undefined) {
    return schema.enum.map(quoted).join(' | ');
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    return alternatives.map((one) => typeOf(one, indent)).join(' | ');
  }
  if (schema.allOf !== undefined) {
    return schema.allOf.map((one) => typeOf(one, indent)).join(' & ');
  }
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.map((type) => basicType(type, schema, indent)).join(' | ');
}

function basicType(type, schema, indent) {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array': {
      const item = schema.items === undefined ? 'unknown' : typeOf(schema.items, indent);
      return / [|&] /.test(item) && !item.startsWith('{') ? `(${item})[]` : `${item}[]`;
    }
    case 'object':
      return objectType(schema, indent);
    case undefined:
      return 'unknown';
    default:
      throw new Error(`no TypeScript for the type ${type}`);
  }
}

function objectType(schema, indent) {
  if (schema.properties === undefined) {
    const values = schema.additionalProperties;
    return `Record<string, ${typeof values === 'object' ? typeOf(values, indent) : 'unknown'}>`;
  }
  return `{\n${members(schema, `${indent}  `)}${indent}}`;
}

function members(schema, indent) {
  const required = new Set(schema.required ?? []);
  let text = '';
  for (const [name, property] of Object.entries(schema.properties)) {
    text += comment(property.description, indent);
    const type = typeOf(property, indent);
    text += required.has(name)
      ? `${indent}${field(name)}: ${type};\n`
      : `${indent}${field(name)}?: ${type} | undefined;\n`;
  }
  return text;
}

function schemasFile(document) {
  let text = `${head}\n`;
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    if (writtenByHand.has(name)) {
      continue;
    }
    text += comment(schema.description);
    text +=
      schema.properties !== undefined && schema.allOf === undefined && schema.type === 'object'
        ? `export interface ${name} {\n${members(schema, '  ')}}\n\n`
        : `export type ${name} = ${typeOf(schema)};\n\n`;
  }
  const codes = Object.keys(document.components.examples).sort();
  text += comment('Every code a problem of this API can have.');
  return `${text}export type ErrorCode =\n${codes.map((code) => `  | '${code}'`).join('\n')};\n`;
}

function operationsOf(document) {
  const found = [];
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      found.push({ path, method: method.toUpperCase(), ...operation });
    }
  }
  return found;
}

// What answers a request that went well.
function answerOf(operation) {
  const [, response] = Object.entries(operation.responses).find(([status]) => /^2/.test(status));
  const [type, content] = Object.entries(response.content ?? {})[0] ?? [];
  if (content === undefined) {
    return { type: 'null', text: false };
  }
  const json = type === 'application/json';
  return { type: json ? typeOf(content.schema) : 'string', text: !json };
}

function bodyOf(operation) {
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (content === undefined) {
    return null;
  }
  const json = type === 'application/json';
  return {
    takes: json ? 'json' : type,
    type: json ? typeOf(content.schema) : 'string',
    required: operation.requestBody.required === true,
  };
}

// Header fields that are arguments; the client itself fills in all others.
const argumentOf = {
  'If-Match': ['if_match', 'number | string', 'The `version` that was read.'],
  'If-None-Match': ['if_none_match', 'string', 'An ETag; `send` answers 304 while it is current.'],
  'Idempotency-Key': [
    'idempotency_key',
    'string',
    'A new one for each call when left out; give your own to repeat a call after a restart.',
  ],
  'X-Cart-Token': ['cart_token', 'string', 'From the client’s tokens when left out.'],
  'X-Order-Token': ['order_token', 'string', 'From the client’s tokens when left out.'],
};

function argumentsOf(operation) {
  const list = [];
  const body = bodyOf(operation);
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in !== 'header') {
      const { name, required, description, schema } = parameter;
      list.push({ name, required, description, type: typeOf(schema), query: parameter.in === 'query' });
      continue;
    }
    const known = argumentOf[parameter.name];
    if (known === undefined) {
      throw new Error(`${operation.operationId}: no argument stands for ${parameter.name}`);
    }
    const [name, type, description] = known;
    list.push({ name, required: name === 'if_match', description, type, query: false });
  }
  if (body !== null) {
    list.push({ name: 'body', required: body.required, type: body.type, query: false });
  }
  return list;
}

const capital = (name) => name[0].toUpperCase() + name.slice(1);

function argumentsType(operation) {
  let text = `export interface ${capital(operation.operationId)}Args {\n`;
  for (const { name, required, description, type } of argumentsOf(operation)) {
    text += comment(description, '  ');
    const optional = name === 'cursor' ? ' | null | undefined' : ' | undefined';
    text += `  ${name}${required ? '' : '?'}: ${type}${required ? '' : optional};\n`;
  }
  return `${text}}\n`;
}

function row(operation) {
  const query = argumentsOf(operation).filter((argument) => argument.query);
  const body = bodyOf(operation);
  const answer = answerOf(operation);
  const headers = (operation.parameters ?? []).map((parameter) => parameter.name);
  const lines = [`method: '${operation.method}'`, `path: '${operation.path}'`];
  if (query.length > 0) {
    lines.push(`query: [${query.map(({ name }) => `'${name}'`).join(', ')}]`);
  }
  if (body !== null) {
    lines.push(`takes: '${body.takes}'`);
  }
  if (answer.text) {
    lines.push('text: true');
  }
  if (headers.includes('Idempotency-Key')) {
    lines.push('keyed: true');
  }
  if (operation['x-repeatable'] === true) {
    lines.push('repeatable: true');
  }
  if (headers.includes('X-Cart-Token')) {
    lines.push("token: 'cart'");
  }
  if (headers.includes('X-Order-Token')) {
    lines.push("token: 'order'");
  }
  if (keeps[answer.type] !== undefined) {
    lines.push(`keeps: '${keeps[answer.type]}'`);
  }
  if (operation.method === 'DELETE' && operation.path.endsWith('/sessions/current')) {
    lines.push("drops: 'session'");
  }
  return lines.map((line) => `  ${line},\n`).join('');
}

// The codes an operation may answer with, by its examples.
function codesOf(operation) {
  const codes = new Set();
  for (const response of Object.values(operation.responses)) {
    for (const content of Object.values(response.content ?? {})) {
      for (const code of Object.keys(content.examples ?? {})) {
        codes.add(code);
      }
    }
  }
  return [...codes].sort();
}

function about(operation) {
  const codes = codesOf(operation);
  const parts = [operation.summary, operation.description];
  if (codes.length > 0) {
    parts.push(`Problems: ${codes.join(', ')}.`);
  }
  return parts.filter(Boolean).join('\n\n');
}

function method(operation) {
  const args = argumentsOf(operation);
  const name = operation.operationId;
  const optional = args.every(({ required }) => !required);
  const type = `${capital(name)}Args`;
  const given = args.length === 0 ? '' : `args: ${type}${optional ? ' = {}' : ''}, `;
  const passed = args.length === 0 ? '{}' : 'args';
  const answer = answerOf(operation).type;
  const signature = `  ${name}(${given}options?: CallOptions): Promise<${answer}> {`;
  const split =
    `  ${name}(\n${given === '' ? '' : `    ${given.trimEnd()}\n`}    options?: CallOptions,\n` +
    `  ): Promise<${answer}> {`;
  return (
    comment(about(operation), '  ') +
    `${signature.length <= columns ? signature : split}\n` +
    `    return this.call(${name}, ${passed}, options);\n  }\n`
  );
}

function usedTypes(operations, schemas) {
  const used = new Set();
  const look = (type) => {
    for (const word of type.match(/\b[A-Z]\w*/g) ?? []) {
      if (schemas[word] !== undefined) {
        used.add(word);
      }
    }
  };
  for (const operation of operations) {
    look(answerOf(operation).type);
    argumentsOf(operation).forEach(({ type }) => look(type));
  }
  return [...used].sort();
}

function clientFile(document, className, words, prefixes) {
  const operations = operationsOf(document).filter(({ path }) =>
    prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)),
  );
  const types = usedTypes(operations, document.components.schemas);
  let text =
    `${head}\nimport { Client, type CallOptions, type Operation } from '../client.js';\n` +
    `import type {\n${types.map((type) => `  ${type},\n`).join('')}} from './schemas.js';\n\n`;
  for (const operation of operations) {
    const name = operation.operationId;
    const args = argumentsOf(operation).length > 0;
    if (args) {
      text += `${argumentsType(operation)}\n`;
    }
    const type = args ? `${capital(name)}Args` : 'object';
    const answer = answerOf(operation).type;
    const line = `export const ${name}: Operation<${type}, ${answer}> = {\n`;
    text += line.length <= columns + 1 ? line : `export const ${name}: Operation<\n  ${type},\n  ${answer}\n> = {\n`;
    text += `${row(operation)}};\n\n`;
  }
  text += comment(words) + `export class ${className} extends Client {\n`;
  return `${text}${operations.map(method).join('\n')}}\n`;
}

// The generated files by name.
export function generate(document) {
  return {
    'schemas.ts': schemasFile(document),
    'store.ts': clientFile(document, 'StoreClient', 'What a storefront can ask for.', ['/v1/store']),
    'admin.ts': clientFile(document, 'AdminClient', 'What a merchant can ask for.', [
      '/v1/admin',
      '/v1/events',
    ]),
  };
}

async function read(source) {
  if (!/^https?:/.test(source)) {
    return JSON.parse(readFileSync(source, 'utf8'));
  }
  const response = await fetch(source);
  if (!response.ok) {
    throw new Error(`${source} answers ${response.status}`);
  }
  return response.json();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [source, folder] = process.argv.slice(2);
  if (source === undefined) {
    console.error('usage: node generate.mjs URL|FILE [FOLDER]');
    process.exit(2);
  }
  const to = folder ?? join(dirname(fileURLToPath(import.meta.url)), 'src/generated');
  mkdirSync(to, { recursive: true });
  for (const [name, text] of Object.entries(generate(await read(source)))) {
    writeFileSync(join(to, name), text);
  }
}
