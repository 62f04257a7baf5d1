import { describe, expect, test } from 'vitest';
import { seeded } from '../../../bench/seeded.ts';
import { plain, seed } from '../../unit/session/helpers.ts';
import { type Fate, ModelDisk } from './model-disk.ts';
import { allowed, type Deed, keysOf, live, openOn, Story, versionsIn } from './story.ts';

/** Everything that was stored when a later deed made it last, and that had succeeded before the power went. */
function sureAt(deeds: readonly Deed[], now: number): (deed: Deed) => boolean {
  const hasEnded = (deed: Deed): boolean => deed.endedAt !== undefined && deed.endedAt <= now;
  const durable = deeds.filter((deed) => deed.isDurable && hasEnded(deed));
  return (deed) => {
    if (!hasEnded(deed)) return false;
    if (deed.keys.includes('creds') || deed.isDurable) return true;
    return durable.some((later) => later.startedAt >= (deed.endedAt ?? 0));
  };
}

const random = seeded(seed);
const FATES: ReadonlyArray<readonly [name: string, fate: () => Fate]> = [
  ['all lost', () => () => 'lost'],
  ['all kept', () => () => 'kept'],
  ['names kept, bytes zero', () => () => 'zeros'],
  ...Array.from({ length: process.env.LONG ? 200 : 2 }, (_, n): readonly [string, () => Fate] => [
    `some kept (${n})`,
    () => () => {
      const number = random();
      return number < 0.4 ? 'kept' : number < 0.8 ? 'lost' : 'zeros';
    },
  ]),
];

interface Life {
  readonly disk: ModelDisk;
  readonly story: Story;
}

/** Two runs of the program; the second finds what a kill of the first left. */
async function firstLife(): Promise<Life> {
  const disk = new ModelDisk();
  const session = openOn(disk.fileSystem);
  const story = new Story(session, () => disk.operations);
  await live(story);
  await story.close();
  return { disk, story };
}

function checkAt({ disk, story }: Life, at: number, name: string, fate: Fate): void {
  const cut = disk.cutPower(at, fate);
  const what = `SEED=${seed}, power cut after ${at} of ${disk.operations}, ${name}`;
  const isSure = sureAt(story.deeds, at);
  const wasSaved = story.deeds.some((deed) => deed.keys.includes('creds') && isSure(deed));
  const session = openOn(cut.fileSystem);
  const found = versionsIn(session, keysOf(story.deeds));
  for (const [key, version] of found) {
    if (key === 'creds' && !wasSaved) continue;
    const possible = allowed(story.deeds, key, isSure, at);
    // No `expect` for each of a hundred thousand values: it costs more than the recovery.
    if (!possible.has(version))
      expect.fail(`${what}: ${key} is ${version}, not one of ${[...possible].join(', ')}`);
  }
  if (wasSaved) {
    expect(session.wasLinked, what).toBe(true);
    expect(plain(session.creds.signedIdentityKey), what).toEqual(plain(story.identity.signedIdentityKey));
  }
}

describe(`a power cut (SEED=${seed})`, () => {
  test.each(FATES)(
    'after a power cut %s, identity and pre-keys are there, and other values are at most the unsynced tail older',
    async (name, fate) => {
      const life = await firstLife();
      for (let at = 0; at <= life.disk.operations; at++) checkAt(life, at, name, fate());
    },
  );

  test.each(FATES)(
    'after a power cut %s and another one during the next start, all that was there after the first is there',
    async (name, fate) => {
      const life = await firstLife();
      for (let at = 20; at <= life.disk.operations; at += process.env.LONG ? 11 : 23) {
        const isSure = sureAt(life.story.deeds, at);
        if (!life.story.deeds.some((deed) => deed.keys.includes('creds') && isSure(deed))) continue;
        const cut = life.disk.cutPower(at, fate());
        const before = cut.copy();
        const sure = versionsIn(openOn(before.fileSystem), keysOf(life.story.deeds));
        const second = openOn(cut.fileSystem);
        await second.checkpoint();
        await second.close();
        for (let again = 0; again <= cut.operations; again += 3) {
          // What was there after the first cut is on the disk for good.
          const third = openOn(cut.cutPower(again, fate()).fileSystem);
          expect(third.wasLinked, `SEED=${seed}, ${name}: ${at}, then ${again}`).toBe(true);
          const found = versionsIn(third, keysOf(life.story.deeds));
          expect([...found], `SEED=${seed}, ${name}: ${at}, then ${again}`).toEqual([...sure]);
        }
      }
    },
  );

  test('in the simulated disk a rename that was not synced may give an empty file', () => {
    const model = new ModelDisk();
    const fd = model.fs.openSync('/disk/.new', 'wx');
    model.fs.writeSync(fd, Buffer.from('text'), 0, 4, 0);
    model.fs.renameSync('/disk/.new', '/disk/file');
    const kept = model.cutPower(model.operations, (index) => (index === 1 ? 'lost' : 'kept'));
    expect(kept.fs.readFileSync('/disk/file').length).toBe(0);
    expect(() => model.cutPower(model.operations, () => 'lost').fs.readFileSync('/disk/file')).toThrow(
      /ENOENT/,
    );
  });
});
