import { createHash } from 'node:crypto';
import { bundleNodes, type KeyBundle } from '../crypto/phone-keys.ts';
import { isSignatureValid, withKeyType } from '../crypto/phone-libsignal.ts';
import type { Companion, SignedPreKey } from '../server/companion-device.ts';
import {
  bytesOf,
  childOf,
  childrenOf,
  errorOf,
  resultOf,
  type Stanza,
  stanza,
  uintBytes,
  uintOf,
} from '../wire/stanza.ts';
import type { QueryContext } from './query-context.ts';

/** Namespace `encrypt`: a companion stores its keys and asks for key bundles of others. */
export function answerEncrypt(query: Stanza, context: QueryContext): Stanza {
  const { companion } = context;
  if (query.attrs.type === 'set') return storeKeys(query, companion);
  const wanted = childOf(query, 'key');
  if (wanted) return resultOf(query, [stanza('list', {}, bundlesFor(childrenOf(wanted, 'user'), context))]);
  if (childOf(query, 'count')) {
    return resultOf(query, [stanza('count', { value: String(companion.preKeyIds().length) })]);
  }
  if (childOf(query, 'digest')) return digestOf(query, companion);
  return errorOf(query, 400, 'bad-request');
}

function storeKeys(query: Stanza, companion: Companion): Stanza {
  const rotation = childOf(query, 'rotate');
  const signedPreKey = signedPreKeyIn(childOf(rotation ?? query, 'skey'));
  if (!isSignatureValid(companion.identityKey, withKeyType(signedPreKey.value), signedPreKey.signature)) {
    return errorOf(query, 406, 'not-acceptable');
  }
  if (!rotation) {
    if (!bytesOf(childOf(query, 'identity')).equals(companion.identityKey)) {
      return errorOf(query, 406, 'not-acceptable');
    }
    const keys = childrenOf(childOf(query, 'list'), 'key');
    companion.addPreKeys(keys.map((key) => [uintOf(childOf(key, 'id')), bytesOf(childOf(key, 'value'))]));
  }
  companion.signedPreKey = signedPreKey;
  return resultOf(query);
}

function signedPreKeyIn(node: Stanza | undefined): SignedPreKey {
  const [id, value, signature] = ['id', 'value', 'signature'].map((tag) => childOf(node, tag));
  return { id: uintOf(id), value: bytesOf(value), signature: bytesOf(signature) };
}

/** The digest of the stored keys, which the client compares with its own. */
function digestOf(query: Stanza, companion: Companion): Stanza {
  const ids = companion.preKeyIds();
  if (ids.length === 0) return errorOf(query, 404, 'item-not-found');
  const { identityKey, signedPreKey } = companion;
  const hash = createHash('sha1')
    .update(identityKey)
    .update(signedPreKey.value)
    .update(signedPreKey.signature);
  const digest = stanza('digest', {}, [
    stanza('registration', {}, uintBytes(companion.registrationId, 4)),
    ...bundleNodes({ ...companion, identity: identityKey, preKey: undefined }),
    stanza(
      'list',
      {},
      ids.map((id) => stanza('id', {}, uintBytes(id, 3))),
    ),
    stanza('hash', {}, hash.digest()),
  ]);
  return resultOf(query, [digest]);
}

function bundlesFor(users: Stanza[], { directory }: QueryContext): Stanza[] {
  return users.map(({ attrs: { jid } }) => {
    const bundle = directory.bundleOf(jid);
    if (!bundle) return stanza('user', { jid }, [stanza('error', { code: '404', text: 'item-not-found' })]);
    return stanza('user', { jid }, userNodes(bundle));
  });
}

function userNodes(bundle: KeyBundle): Stanza[] {
  return [stanza('registration', {}, uintBytes(bundle.registrationId, 4)), ...bundleNodes(bundle)];
}
