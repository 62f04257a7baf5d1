import { afterEach, describe, expect, it } from 'vitest';
import type { Stanza } from '../../src/simulator/wire/stanza.ts';
import { within } from './support/deadline.ts';
import { Rig } from './support/rig.ts';

let rig: Rig;

afterEach(() => rig.destroy());

const isAppStateQuery = ({ tag, attrs }: Stanza): boolean =>
  tag === 'iq' && attrs.xmlns === 'w:sync:app:state';

/** Counts the queries for app state from now on. */
function countQueries(): { readonly count: number } {
  let count = 0;
  rig.wa.events.on('stanza-in', (node) => {
    if (isAppStateQuery(node)) count++;
  });
  return {
    get count() {
      return count;
    },
  };
}

describe('app state', () => {
  it.each(['empty', 'endless'] as const)('the sync of the app state ends if answers are %s', async (flaw) => {
    rig = new Rig();
    rig.wa.faults.queries.breakAppState(flaw);
    const queries = countQueries();
    await rig.pairAnew();
    await rig.ping(rig.wa.addPerson());
    await rig.settled();
    expect(queries.count).toBeLessThanOrEqual(10);
  });

  it('an app-state query without an answer delays no message', async () => {
    rig = new Rig();
    rig.wa.faults.queries.ignore('w:sync:app:state');
    await rig.pairAnew();
    const client = rig.client;
    const isOpen = (): boolean => client.state.kind === 'open';
    for (let i = 0; i < 3; i++) await rig.ping(rig.wa.addPerson());
    expect(isOpen()).toBe(true);
    expect(rig.closes).toEqual([{ kind: 'restart-required' }]);
  });

  it('a change of the app state is not fetched: its notification gets a plain acknowledgement', async () => {
    rig = new Rig();
    await rig.pairAnew();
    await rig.ping(rig.wa.addPerson());
    const queries = countQueries();
    const acknowledged = within(
      new Promise<Stanza>((resolve) => {
        rig.wa.events.on('stanza-in', (node) => {
          if (node.tag === 'ack' && node.attrs.type === 'server_sync') resolve(node);
        });
      }),
      'the acknowledgement of the notice',
    );
    rig.wa.phone.changeSettings('regular_low');
    expect((await acknowledged).attrs).toMatchObject({ class: 'notification' });
    await rig.ping(rig.wa.addPerson());
    expect(queries.count).toBe(0);
  });
});
