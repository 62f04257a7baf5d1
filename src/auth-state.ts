/**
 * Entry `perennial-whatsapp/auth-state`: the session store of this project for any Baileys bot. docs/auth-state.md is
 * the guide.
 */
export { type DurableAuthState, useDurableAuthState } from './whatsapp/durable-auth-state.ts';
export { type DurableSocketConfig, durableSocketConfig } from './whatsapp/durable-socket-config.ts';
