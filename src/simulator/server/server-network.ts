import { randomBytes } from 'node:crypto';
import type { KeyBundle } from '../crypto/phone-keys.ts';
import type { MediaHost } from '../media/media-host.ts';
import type { Network } from '../phones/phone-network.ts';
import { nowSeconds } from '../wire/server-time.ts';
import { SERVER_JID, stanza } from '../wire/stanza.ts';
import type { Companion } from './companion-device.ts';
import type { Directory } from './directory.ts';
import type { QuerySwitches } from './fault-switches.ts';

export interface ServerNetworkParts {
  readonly directory: Directory;
  readonly media: MediaHost;
  readonly switches: QuerySwitches;
}

/** A companion is notified if it has fewer one-time keys than this. */
const LOW_PRE_KEYS = 5;

/** The server as the simulated phones use it. */
export function serverNetwork({ directory, media, switches }: ServerNetworkParts): Network {
  return {
    owner: directory.owner,
    media,
    newToken: (person) => directory.newToken(person),
    hidesLids: () => switches.hidesLids,
    companionIds: () => [...directory.companions.keys()],
    archiveMessage: (message) => directory.phone.remember(message),
    archivedMessage: (id) => directory.phone.remembered(id),
    takeBundle: (id) => {
      const companion = directory.companions.get(id);
      return companion && takeBundle(companion);
    },
    post: (id, node) => directory.companions.get(id)?.mailbox.post(node),
  };
}

/** Tells the companion to upload more one-time keys if few are left. */
function takeBundle(companion: Companion): KeyBundle {
  const bundle = companion.takeBundle();
  const left = companion.preKeyIds().length;
  if (left < LOW_PRE_KEYS) {
    const attrs = { from: SERVER_JID, type: 'encrypt', id: randomBytes(5).toString('hex') };
    const count = stanza('count', { value: String(left) });
    companion.mailbox.post(stanza('notification', { ...attrs, t: String(nowSeconds()) }, [count]));
  }
  return bundle;
}
