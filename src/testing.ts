/**
 * Entry `perennial-whatsapp/testing`: a WhatsApp for the tests of any bot. It needs no test runner of a certain kind,
 * and the bot under test needs nothing but an address of WhatsApp that can be set. docs/testing.md is the guide.
 */
export { DeadlineError } from './simulator/testing/deadline-error.ts';
export type { HeardMessage, HearMatch, HearOptions } from './simulator/testing/heard-messages.ts';
export type { PairOptions, QrSource, TestBot } from './simulator/testing/test-bot.ts';
export type { SendFault, TestFaults } from './simulator/testing/test-faults.ts';
export type { MessageRef, TestPerson } from './simulator/testing/test-person.ts';
export { startWhatsApp, type TestOptions, type TestWhatsApp } from './simulator/testing/test-whatsapp.ts';
