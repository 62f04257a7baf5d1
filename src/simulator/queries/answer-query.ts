import { randomBytes } from 'node:crypto';
import { nowSeconds } from '../wire/server-time.ts';
import { childOf, childrenOf, errorOf, resultOf, type Stanza, stanza } from '../wire/stanza.ts';
import { answerGroups } from './group-queries.ts';
import { answerEncrypt } from './key-queries.ts';
import { answerUsync } from './people-queries.ts';
import type { QueryContext } from './query-context.ts';

type Answer = (query: Stanza, context: QueryContext) => Stanza;

/** The answers to queries, by namespace. */
const ANSWERS: Record<string, Answer> = {
  'w:p': (query) => resultOf(query),
  'w:stats': (query) => resultOf(query),
  'urn:xmpp:whatsapp:dirty': (query) => resultOf(query),
  status: (query) => resultOf(query),
  disappearing_mode: (query) => resultOf(query),
  newsletter: (query) => resultOf(query),
  encrypt: answerEncrypt,
  usync: answerUsync,
  'w:g2': answerGroups,
  'w:m': answerMedia,
  'w:mex': answerMex,
  'w:sync:app:state': answerAppState,
  md: answerDevices,
  passive: (query, { activate }) => {
    if (childOf(query, 'active')) queueMicrotask(activate);
    return resultOf(query);
  },
  abt: (query) =>
    resultOf(query, [stanza('props', { protocol: '1', hash: 'simulated', refresh: '86400' }, [])]),
  blocklist: (query) => resultOf(query, query.attrs.type === 'get' ? [stanza('list', {}, [])] : undefined),
  privacy: answerPrivacy,
  bot: (query) => resultOf(query, [stanza('bot', {}, [])]),
  'w:biz': (query) => resultOf(query, [stanza('business_profile', {}, [])]),
  'w:profile:picture': (query) =>
    query.attrs.type === 'get' ? errorOf(query, 404, 'item-not-found') : resultOf(query),
};

/** The answer to a query. An unknown namespace gets error 501, as at WhatsApp. */
export function answerQuery(query: Stanza, context: QueryContext): Stanza {
  const { refusals } = context.switches.queries;
  const refusal = namesOf(query)
    .map((name) => refusals.get(name))
    .find((one) => one && one.times > 0);
  if (refusal) {
    refusal.times--;
    return errorOf(query, refusal.code, refusal.text);
  }
  const answer = ANSWERS[query.attrs.xmlns ?? ''];
  return answer ? answer(query, context) : errorOf(query, 501, 'feature-not-implemented');
}

/** What faults name a query by: its namespace, and for `usync` each thing that it asks for (`usync:contact`). */
export function namesOf(query: Stanza): string[] {
  const { xmlns = '' } = query.attrs;
  const asked = childrenOf(childOf(childOf(query, 'usync'), 'query')).map(({ tag }) => `${xmlns}:${tag}`);
  return [xmlns, ...asked];
}

function answerMedia(query: Stanza, { mediaHosts }: QueryContext): Stanza {
  const hosts = mediaHosts.map((hostname) =>
    stanza('host', { hostname, maxContentLengthBytes: '104857600' }),
  );
  return resultOf(query, [stanza('media_conn', { auth: 'simulated', ttl: '3600', auth_ttl: '3600' }, hosts)]);
}

/** GraphQL queries: the answer says that the account is not restricted. */
function answerMex(query: Stanza): Stanza {
  const data = { xwa2_fetch_account_reachout_timelock: { is_active: false }, xwa2_message_capping_info: {} };
  return resultOf(query, [stanza('result', {}, Buffer.from(JSON.stringify({ data })))]);
}

/** App state: every collection is empty, and patches are accepted and dropped. */
function answerAppState(query: Stanza, { switches }: QueryContext): Stanza {
  const { appStateFlaw } = switches.queries;
  if (appStateFlaw === 'empty') return resultOf(query, [stanza('sync', {}, [])]);
  const collections = childrenOf(childOf(query, 'sync'), 'collection').map((collection) => {
    const version = Number(collection.attrs.version ?? 0) + childrenOf(collection, 'patch').length;
    const has_more_patches = appStateFlaw === 'endless' ? 'true' : undefined;
    const { name } = collection.attrs;
    return stanza('collection', { name, version: String(version), type: 'result', has_more_patches });
  });
  return resultOf(query, [stanza('sync', {}, collections)]);
}

function answerDevices(query: Stanza, { unlink }: QueryContext): Stanza {
  if (!childOf(query, 'remove-companion-device')) return errorOf(query, 400, 'bad-request');
  queueMicrotask(unlink);
  return resultOf(query);
}

function answerPrivacy(query: Stanza, { directory }: QueryContext): Stanza {
  const tokens = childrenOf(childOf(query, 'tokens'), 'token');
  if (tokens.length > 0) {
    const issued = tokens.map(({ attrs }) => {
      const token = { jid: attrs.jid, t: String(nowSeconds()), type: 'trusted_contact' };
      const person = directory.personOf(attrs.jid);
      return stanza('token', token, person ? directory.newToken(person) : randomBytes(16));
    });
    return resultOf(query, [stanza('tokens', {}, issued)]);
  }
  const names = ['readreceipts', 'profile', 'status', 'online', 'last', 'groupadd', 'calladd'];
  const categories = names.map((name) => stanza('category', { name, value: 'all' }));
  return resultOf(query, [stanza('privacy', {}, categories)]);
}
