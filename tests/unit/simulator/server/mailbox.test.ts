import { describe, expect, it } from 'vitest';
import { Mailbox } from '../../../../src/simulator/server/mailbox.ts';
import { type Stanza, stanza } from '../../../../src/simulator/wire/stanza.ts';

const message = (id: string, from = '1@lid', recipient?: string): Stanza =>
  stanza('message', { id, from, recipient });

/** What a device has got, as `tag id`. */
function deviceOn(mailbox: Mailbox, holdsAfterNack = false): string[] {
  const got: string[] = [];
  mailbox.attach(({ tag, attrs, content }) => {
    got.push(tag === 'ib' && Array.isArray(content) ? (content[0]?.tag ?? '') : `${attrs.id}`);
  }, holdsAfterNack);
  return got;
}

describe('Mailbox', () => {
  it('the mailbox sends waiting stanzas between the two marks of the offline queue, and again until they are acknowledged', () => {
    const mailbox = new Mailbox();
    mailbox.post(message('A'));
    mailbox.post(message('B'));
    expect(deviceOn(mailbox)).toEqual(['offline_preview', 'A', 'B', 'offline']);
    mailbox.acknowledge('message', 'A', '1@lid');
    mailbox.detach();
    expect(deviceOn(mailbox)).toEqual(['offline_preview', 'B', 'offline']);
    expect(mailbox.redelivered).toBe(3);
  });

  it('the mailbox releases a held queue one by one', () => {
    const mailbox = new Mailbox();
    for (const id of ['A', 'B']) mailbox.post(message(id));
    const got = deviceOn(mailbox, true);
    expect(got).toEqual(['offline_preview', 'A']);
    mailbox.acknowledge('message', 'A', '1@lid');
    expect(got).toEqual(['offline_preview', 'A', 'B']);
    mailbox.acknowledge('message', 'B', '1@lid');
    expect(got).toEqual(['offline_preview', 'A', 'B', 'offline']);
  });

  it('the mailbox keeps the rest of a held queue after an error acknowledgement', () => {
    const mailbox = new Mailbox();
    for (const id of ['A', 'B']) mailbox.post(message(id));
    const got = deviceOn(mailbox, true);
    mailbox.acknowledge('message', 'A', '1@lid', true);
    expect(got).toEqual(['offline_preview', 'A']);
    expect(mailbox.waiting.map(({ attrs }) => attrs.id)).toEqual(['A', 'B']);
  });

  it('for a message to a bot of WhatsApp the mailbox takes only a receipt that names the chat', () => {
    const mailbox = new Mailbox();
    mailbox.post(message('A', '1@lid', '5@bot'));
    expect(mailbox.acknowledge('message', 'A', '1@lid')).toBe(false);
    expect(mailbox.acknowledge('message', 'A', '5@bot')).toBe(true);
  });
});
