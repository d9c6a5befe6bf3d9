export * from './client.js';
export * from './errors.js';
export * from './retry.js';
export * from './tokens.js';
export type * from './generated/schemas.js';
