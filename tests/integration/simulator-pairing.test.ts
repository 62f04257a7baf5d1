import { rm } from 'node:fs/promises';
import QRCode from 'qrcode';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { within } from './support/deadline.ts';
import { terminate, useStockRig } from './support/stock-client.ts';

const stock = useStockRig();

test('the simulator closes with 515 after the scan and logs in at the next connection', async () => {
  const first = await stock.rig.connect();
  const companion = await stock.wa.phone.scan(await within(first.qr, 'the QR code'));
  expect(await within(first.closed, 'the restart')).toMatchObject({ code: 515 });
  await first.saved();
  const second = await stock.rig.connect();
  await within(second.opened, 'the login');
  expect(second.sock.authState.creds.me?.id).toBe(companion.jid);
  expect(second.sock.authState.creds.registrationId).toBe(companion.registrationId);
  expect(stock.wa.counters).toMatchObject({ pairings: 1, logins: 1 });
  expect([...companion.preKeyIds(), ...companion.handedOutPreKeyIds]).toHaveLength(812);
  expect(stock.wa.clientVersion).toMatch(/^2\.3000\.\d+$/);
});

test('the simulator links a client when its code is entered on the phone', async () => {
  const first = await stock.rig.connect();
  await within(first.qr, 'the registration');
  const code = await first.sock.requestPairingCode(stock.wa.phone.number);
  await stock.wa.phone.enterCode(`${code.slice(0, 4)}-${code.slice(4).toLowerCase()}`);
  expect(await within(first.closed, 'the restart')).toMatchObject({ code: 515 });
  await first.saved();
  const second = await stock.rig.connect();
  await within(second.opened, 'the login');
  expect(second.sock.authState.creds.me?.id).toBe(stock.wa.devices[0]?.jid);
});

test('the simulator refuses a wrong code and still accepts the right one', async () => {
  const first = await stock.rig.connect();
  await within(first.qr, 'the registration');
  const code = await first.sock.requestPairingCode(stock.wa.phone.number);
  await expect(stock.wa.phone.enterCode('AAAAAAAA')).rejects.toThrow();
  expect(stock.wa.devices).toEqual([]);
  await stock.wa.phone.enterCode(code);
  expect(stock.wa.devices).toHaveLength(1);
});

test('the simulator refuses the QR code of a client that has disconnected', async () => {
  const first = await stock.rig.connect();
  const qr = await within(first.qr, 'the QR code');
  const gone = new Promise((resolve) => stock.wa.events.once('closed', resolve));
  terminate(first.sock);
  await within(gone, 'the end of the connection');
  await expect(stock.wa.phone.scan(qr)).rejects.toMatchObject({ code: 'qr-unknown' });
});

test('the simulator lets a client close with 408 after its last QR code', async () => {
  const first = await stock.rig.connect({ qrTimeout: 20 });
  expect(await within(first.closed, 'the end of the QR codes')).toMatchObject({
    code: 408,
    message: 'QR refs attempts ended',
  });
});

test('the simulator gives a second pairing a new device id', async () => {
  await (await stock.rig.pairAnew()).kill();
  stock.wa.faults.unlinkWhileOffline();
  await rm(stock.rig.folder, { recursive: true, maxRetries: 10, retryDelay: 20 });
  await stock.rig.pairAnew();
  expect(stock.wa.devices.map(({ id }) => id)).toEqual([2]);
});

test('the simulator scans a QR code in a PNG file and says if there is none', async () => {
  const client = await stock.rig.connect();
  const path = `${stock.rig.folder}/qr.png`;
  await sharp({ create: { width: 40, height: 40, channels: 3, background: 'white' } }).toFile(path);
  await expect(stock.wa.phone.scan(path)).rejects.toThrow(path);
  await QRCode.toFile(path, await within(client.qr, 'the QR code'));
  await stock.wa.phone.scan(path);
  expect(stock.wa.devices).toHaveLength(1);
});
