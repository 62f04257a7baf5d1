import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { type Contact, isSameUser, jidOf } from '../phones/contact-address.ts';
import type { PairingSwitches } from '../server/fault-switches.ts';
import { nowSeconds } from '../wire/server-time.ts';
import { bytesOf, childOf, errorOf, resultOf, type Stanza, stanza, textOf } from '../wire/stanza.ts';
import type { CodeRequest } from './code-exchange.ts';
import { LinkError } from './link-error.ts';
import { expiredCodeNotification } from './pairing-notifications.ts';
import type { UnlinkedClient } from './unlinked-client.ts';

export interface CodeRequestsOptions {
  readonly switches: PairingSwitches;
  readonly owner: Contact;
}

/** How long an entered code waits for the client's request. */
const CODE_REQUEST_LIMIT_MS = 2_000;

/** WhatsApp refuses a code request of a client whose browser or system it does not know (Baileys#2769). */
const KNOWN_PLATFORM =
  /^(Chrome|Firefox|Edge|Safari|Opera|IE|Desktop|Android) \((Windows|Mac OS|Ubuntu|Linux|Chrome OS|Android|iOS)\)$/;

/** How often one code can be entered, as in WhatsApp Web. */
const MAX_CODE_ATTEMPTS = 3;

/** How long a code can be entered. */
const CODE_LIFETIME_SECONDS = 180;

/** Which client asked for a pairing code, and whether the code can still be entered. */
export class CodeRequests {
  readonly #options: CodeRequestsOptions;
  readonly #events = new EventEmitter<{ requested: [] }>();

  constructor(options: CodeRequestsOptions) {
    this.#options = options;
  }

  /** Answers a client that asks for a code. */
  received(client: UnlinkedClient, query: Stanza, hello: Stanza): void {
    if (this.#options.switches.ignoresCodeRequests) {
      client.hasNoCode = true;
      this.#events.emit('requested');
      return;
    }
    const refusal = this.#refusal(hello);
    if (refusal) {
      client.connection.send(errorOf(query, refusal.code, refusal.text));
      client.hasNoCode = true;
      this.#events.emit('requested');
      return;
    }
    const wrappedCompanionKey = bytesOf(childOf(hello, 'link_code_pairing_wrapped_companion_ephemeral_pub'));
    if (wrappedCompanionKey.length !== 80) throw new Error('not a wrapped key');
    const ref = randomBytes(16).toString('base64url');
    const requestedAt = nowSeconds();
    client.code = { jid: hello.attrs.jid ?? '', ref, wrappedCompanionKey, requestedAt, attempts: 0 };
    const answer = stanza('link_code_pairing_ref', {}, Buffer.from(ref));
    client.connection.send(resultOf(query, [stanza('link_code_companion_reg', {}, [answer])]));
    this.#events.emit('requested');
  }

  /** The phone enters the code of the last client that asked for one. Throws if no code can be entered any more. */
  async entered(
    clients: () => readonly UnlinkedClient[],
  ): Promise<{ readonly client: UnlinkedClient; readonly code: CodeRequest }> {
    const client = await this.#clientWithCode(clients);
    if (!client?.code) throw new LinkError('no-code-request', 'no client waits for a code on this account');
    const { code } = client;
    if (nowSeconds() - code.requestedAt > CODE_LIFETIME_SECONDS)
      throw new LinkError('code-expired', 'the code has expired');
    if (++code.attempts > MAX_CODE_ATTEMPTS)
      throw new LinkError('code-entered-too-often', 'the code was entered too often');
    return { client, code };
  }

  /** Tells a client that its code has expired (`stage="refresh_code"`). */
  expire(client: UnlinkedClient): void {
    if (!client.code) return;
    client.connection.send(expiredCodeNotification(client.code));
    client.code = undefined;
    client.hasNoCode = true;
  }

  /** A test may enter the code before the client's request arrives. */
  async #clientWithCode(clients: () => readonly UnlinkedClient[]): Promise<UnlinkedClient | undefined> {
    const account = jidOf(this.#options.owner, 'pn');
    const find = () => [...clients()].reverse().find(({ code }) => isSameUser(code?.jid, account));
    const client = find();
    const mayAsk = clients().some(({ hasNoCode }) => !hasNoCode);
    if (client || !mayAsk) return client;
    const deadline = AbortSignal.timeout(CODE_REQUEST_LIMIT_MS);
    await once(this.#events, 'requested', { signal: deadline }).catch(() => undefined);
    return find();
  }

  #refusal(hello: Stanza): { readonly code: number; readonly text: string } | undefined {
    const { codeRefusal } = this.#options.switches;
    if (codeRefusal && codeRefusal.times > 0) {
      codeRefusal.times--;
      return codeRefusal;
    }
    const display = textOf(childOf(hello, 'companion_platform_display'));
    return KNOWN_PLATFORM.test(display) ? undefined : { code: 400, text: 'bad-request' };
  }
}
