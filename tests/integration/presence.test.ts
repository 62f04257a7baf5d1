import { afterEach, expect, it } from 'vitest';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

it('no presence without a type leaves, so that the phone of the owner keeps ringing', async () => {
  rig = new Rig();
  await rig.pair();
  const { session } = rig;
  const person = rig.wa.addPerson();
  await rig.ping(person);
  // Updates of the credentials that carry no name, as at account-sync notifications and new pre-keys.
  session.creds.me = { id: session.creds.me?.id ?? '', lid: session.creds.me?.lid ?? '', name: 'Owner' };
  await rig.wa.phone.send('hello', person.number);
  await rig.wa.phone.send('!ping', person.number);
  await rig.ping(person);
  await rig.stop();
  await rig.start();
  await rig.state('open');
  await rig.ping(person);
  const presences = rig.wa.devices.flatMap((device) => device.presences);
  expect(presences.filter(({ type }) => type === undefined)).toEqual([]);
  expect(rig.wa.devices.map(({ isOnline }) => isOnline)).toEqual([false]);
});

it('the account appears online while the bot is connected if SHOW_ONLINE is set', async () => {
  rig = new Rig();
  await rig.pair();
  const { creds } = rig.session;
  creds.me = { id: creds.me?.id ?? '', lid: creds.me?.lid ?? '', name: 'Owner' };
  rig.session.saveCreds();
  await rig.stop();
  await rig.start({
    socket: {
      url: rig.wa.url,
      rootKey: Buffer.from(rig.wa.rootKey, 'base64'),
      version: undefined,
      agent: undefined,
      dispatcher: undefined,
      connectTimeoutMs: 5_000,
      keepAliveIntervalMs: 30_000,
      showOnline: true,
    },
  });
  await rig.state('open');
  await rig.ping(rig.wa.addPerson());
  expect(rig.wa.devices.map(({ isOnline }) => isOnline)).toEqual([true]);
  expect(rig.wa.devices[0]?.presences.at(-1)).toEqual({ type: 'available', name: 'Owner' });
});
