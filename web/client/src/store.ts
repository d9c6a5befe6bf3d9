// What storefronts use: /v1/store.
export * from './index.js';
export * from './generated/store.js';
