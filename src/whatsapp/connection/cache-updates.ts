import type { WASocket } from '@whiskeysockets/baileys';
import type { DeviceCache } from '../send/device-cache.ts';
import type { GroupCache } from '../send/group-cache.ts';

/** Forgets cached devices and groups when WhatsApp says that they have changed. */
export function updateCaches({ ev, ws }: WASocket, devices: DeviceCache, groups: GroupCache): void {
  ws.prependListener('CB:message', ({ attrs }) => devices.sawDevice(attrs.participant ?? attrs.from));
  ws.prependListener('CB:notification,type:devices', ({ attrs }) => devices.forget(attrs.from, attrs.lid));
  const groupChanged = ({ id }: { id?: string | null }): void => {
    if (id) groups.forget(id);
  };
  ev.on('groups.update', (changes) => changes.forEach(groupChanged));
  ev.on('group-participants.update', groupChanged);
}
