// What merchants and their programs use: /v1/admin and /v1/events.
export * from './index.js';
export * from './generated/admin.js';
