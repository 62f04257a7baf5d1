import type { AuthenticationCreds, WASocket } from '@whiskeysockets/baileys';

/**
 * Keeps the library from sending `<presence>` without a type, which WhatsApp takes for "online": the owner's phone then
 * stops ringing (Baileys#2553). The library compares the account's name with the name in each update of the
 * credentials, and most updates carry none. Must be called once, right after the socket is made.
 *
 * Source: the `creds.update` listener in `lib/Socket/socket.js` of 7.0.0-rc14.
 */
export function keepPresenceTyped(socket: WASocket): void {
  const { ev } = socket;
  const { creds } = socket.authState;
  const emit = ev.emit.bind(ev);
  ev.emit = (event, update) => {
    if (event !== 'creds.update') return emit(event, update);
    const { me } = update as Partial<AuthenticationCreds>;
    // The library sends the name if it differs: it must be the same before the update is passed on.
    if (me && creds.me && me.name !== creds.me.name) creds.me = { ...creds.me, ...withName(me.name) };
    const complete = me || !creds.me ? update : { ...(update as object), me: creds.me };
    return emit(event, complete as typeof update);
  };
}

const withName = (name: string | undefined): { name?: string } => (name === undefined ? {} : { name });
