/** What is known of the addresses of people and chats. `whatsapp/` implements it. */
export interface Addresses {
  /** The key of a chat or a person: the same for each of their addresses. */
  chatKeyOf(jid: string): string;
  /** The number under which WhatsApp knows the person whose number somebody typed; the same if it told no other. */
  numberOf(typed: string): string;
  /** Resolves when WhatsApp was asked for the numbers in the settings; undefined if there is nothing to wait for. */
  whenNumbersAsked(): Promise<void> | undefined;
}

/** Each address is the only one of its chat, and each number is as it was typed. */
export const SEPARATE_ADDRESSES: Addresses = {
  chatKeyOf: (jid) => jid,
  numberOf: (typed) => typed,
  whenNumbersAsked: () => undefined,
};
