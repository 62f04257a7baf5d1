import * as nodeFs from 'node:fs';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileSystem } from '../../../../src/session/folder/file-system.ts';
import { Journal, journalNames } from '../../../../src/session/journal/journal.ts';
import {
  type Changes,
  decodeJournals,
  encodeRecord,
} from '../../../../src/session/journal/journal-record.ts';
import { anyText } from '../../any-text.ts';
import { temporaryFolder } from '../helpers.ts';

/** Names as people and hostile servers choose them, half surrogates and `__proto__` included. */
const name = fc.oneof(
  anyText(),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '', '1', '\n', '\0'),
);
const json = fc.oneof(
  fc.json().map((text) => JSON.stringify(JSON.parse(text))),
  name.map((text) => JSON.stringify(text)),
);
const changes: fc.Arbitrary<Changes> = fc
  .array(fc.tuple(name, fc.array(fc.tuple(name, fc.option(json)), { minLength: 1, maxLength: 4 })), {
    minLength: 1,
    maxLength: 3,
  })
  .map((types) => new Map(types.map(([type, ids]) => [type, new Map(ids)])));
const journal = fc.array(changes, { minLength: 1, maxLength: 8 });

const encode = (records: readonly Changes[], first = 1): Buffer[] =>
  records.map((record, index) => encodeRecord(first + index, record));
/** The order of ids that look like numbers is JSON's, not ours. */
const sorted = (record: Changes | undefined): unknown =>
  record &&
  [...record]
    .map(([type, ids]) => [type, [...ids].map(([id, text]) => [id, text === 'null' ? null : text]).sort()])
    .sort();
const all = (records: readonly Changes[]): unknown[] => records.map(sorted);

describe('a record', () => {
  test('a record of any content is read as it was written', () => {
    fc.assert(
      fc.property(journal, (records) => {
        const replay = decodeJournals([Buffer.concat(encode(records))]);
        expect(all(replay.records)).toEqual(all(records));
        expect(replay).toMatchObject({ sequence: records.length, damaged: 0 });
      }),
    );
  });

  test('a record is one line of text', () => {
    fc.assert(
      fc.property(changes, (record) => {
        const line = encodeRecord(7, record);
        expect(line.indexOf(10)).toBe(line.length - 1);
      }),
    );
  });
});

describe('damage', () => {
  test('a journal that is cut off anywhere gives the first records, and does not count as damaged', () => {
    fc.assert(
      fc.property(fc.array(changes, { minLength: 1, maxLength: 3 }), (records) => {
        const lines = encode(records);
        const whole = Buffer.concat(lines);
        for (let length = 0; length < whole.length; length++) {
          const replay = decodeJournals([whole.subarray(0, length)]);
          const count = wholeLines(lines, length);
          // Three calls of `expect` at each length take longer than the reading of the journals.
          if (replay.damaged !== 0 || replay.records.length !== count) expect.fail(`cut off at ${length}`);
          expect(all(replay.records)).toEqual(all(records.slice(0, count)));
        }
      }),
      { numRuns: process.env.LONG ? 300 : 15 },
    );
  });

  test('a flipped bit loses only its record, and is counted as damage if later records are whole', () => {
    fc.assert(
      fc.property(journal, fc.nat(), fc.nat({ max: 7 }), (records, where, bit) => {
        const lines = encode(records);
        const whole = Buffer.concat(lines);
        const at = where % whole.length;
        whole[at] = (whole[at] ?? 0) ^ (1 << bit);
        const hit = wholeLines(lines, at);
        const replay = decodeJournals([whole]);
        const survivors = new Set(all(replay.records).map((record) => JSON.stringify(record)));
        // A newline that is gone joins two lines; no other record may be missing.
        const alsoHit = at === endOf(lines, hit) - 1 ? hit + 1 : hit;
        for (const [index, record] of records.entries()) {
          if (index < hit || index > alsoHit) expect(survivors).toContain(JSON.stringify(sorted(record)));
        }
        const originals = new Set(all(records).map((record) => JSON.stringify(record)));
        for (const survivor of survivors) expect(originals).toContain(survivor);
        if (alsoHit < records.length - 1) expect(replay.damaged).toBeGreaterThan(0);
      }),
    );
  });

  test('doubled and reordered records give the same values', () => {
    const shuffled = journal.chain((records) => {
      const lines = encode(records);
      const order = fc.shuffledSubarray([...lines, ...lines], { minLength: lines.length * 2 });
      return order.map((mixed) => ({ records, mixed }));
    });
    fc.assert(
      fc.property(shuffled, ({ records, mixed }) => {
        const replay = decodeJournals([Buffer.concat(mixed)]);
        expect(all(replay.records)).toEqual(all(records));
        expect(replay.damaged).toBe(0);
      }),
    );
  });

  test('whole records that are missing in the middle are counted as damage', () => {
    fc.assert(
      fc.property(fc.array(changes, { minLength: 3, maxLength: 8 }), fc.nat(), (records, where) => {
        const lines = encode(records, 41);
        const cut = 1 + (where % (lines.length - 2));
        const replay = decodeJournals([Buffer.concat(lines.toSpliced(cut, 1))]);
        expect(all(replay.records)).toEqual(all(records.toSpliced(cut, 1)));
        expect(replay).toMatchObject({ damaged: 1, sequence: 40 + records.length });
      }),
    );
  });

  test('random bytes give no record, and reading them never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(decodeJournals([Buffer.from(noise)]).records).toEqual([]);
      }),
    );
  });

  test('a line that is no record although its checksum fits is left out', () => {
    for (const body of [
      '1 5',
      '1 {"a":5}',
      'x {"a":{"b":1}}',
      '1 {"a"',
      '1',
      '',
      '-1 {"a":{"b":1}}',
      '1 null',
    ]) {
      const line = `${crcOf(body)} ${body}\n`;
      expect(decodeJournals([Buffer.from(line)]).records).toEqual([]);
    }
  });

  test('a torn tail of one journal file is no damage if another file goes on', () => {
    const first = Buffer.concat([
      encodeRecord(1, one('a', '1')),
      encodeRecord(2, one('a', '2')).subarray(0, 9),
    ]);
    const replay = decodeJournals([first, encodeRecord(2, one('a', '3'))]);
    expect(replay).toMatchObject({ sequence: 2, damaged: 0 });
    expect(all(replay.records)).toEqual(all([one('a', '1'), one('a', '3')]));
  });
});

const one = (id: string, text: string): Changes => new Map([['type', new Map([[id, text]])]]);

/** How many lines are whole in the first `length` bytes. */
function wholeLines(lines: readonly Buffer[], length: number): number {
  let end = 0;
  return lines.filter((line) => {
    end += line.length;
    return end <= length;
  }).length;
}

const endOf = (lines: readonly Buffer[], index: number): number =>
  lines.slice(0, index + 1).reduce((sum, line) => sum + line.length, 0);

function crcOf(text: string): string {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}

describe('journal files', () => {
  const start = (fs: FileSystem = nodeFs, lastSequence = 0) => {
    const folder = join(temporaryFolder(), 'j');
    mkdirSync(folder);
    const failures: unknown[] = [];
    return {
      folder,
      failures,
      journal: new Journal(fs, folder, lastSequence, (error) => failures.push(error)),
    };
  };
  const replayOf = (folder: string) =>
    decodeJournals(journalNames(nodeFs.readdirSync(folder)).map((name) => readFileSync(join(folder, name))));

  test('records that are not synced yet are written into the next journal file too, and count once', async () => {
    const { folder, journal } = start();
    journal.append(one('a', '1'));
    await journal.sync();
    journal.append(one('a', '2'));
    journal.rotate();
    journal.append(one('a', '3'));
    expect(journalNames(nodeFs.readdirSync(folder))).toEqual(['journal-1.log', 'journal-2.log']);
    expect(decodeJournals([readFileSync(join(folder, 'journal-2.log'))]).records.length).toBe(2);
    expect(all(replayOf(folder).records)).toEqual(all([one('a', '1'), one('a', '2'), one('a', '3')]));
    await journal.close();
  });

  test('after a failed sync the journal writes the same records again before the next one', async () => {
    let isBroken = true;
    const written: string[] = [];
    const fs: FileSystem = {
      ...nodeFs,
      fdatasync: ((fd: number, done: (error: Error | null) => void) =>
        isBroken
          ? done(Object.assign(new Error('EIO'), { code: 'EIO' }))
          : nodeFs.fdatasync(fd, done)) as never,
      writeSync: ((fd: number, data: Buffer, from: number, length: number, position: number) => {
        written.push(data.toString('utf8', from, from + length));
        return nodeFs.writeSync(fd, data, from, length, position);
      }) as never,
    };
    const { folder, journal } = start(fs);
    journal.append(one('a', '1'));
    await expect(journal.sync()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    isBroken = false;
    written.length = 0;
    await journal.sync();
    expect(written.join('')).toContain('"a":1');
    written.length = 0;
    await journal.sync();
    expect(written).toEqual([]);
    expect(all(replayOf(folder).records)).toEqual(all([one('a', '1')]));
    await journal.close();
  });

  test('a journal file that could not be created does not block the next attempt', () => {
    let failures = 0;
    const fs: FileSystem = {
      ...nodeFs,
      fsyncSync: (fd) => {
        if (failures-- > 0) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        nodeFs.fsyncSync(fd);
      },
      unlinkSync: () => {
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      },
    };
    const { folder, journal } = start(fs);
    journal.append(one('a', '1'));
    failures = 1;
    expect(() => journal.rotate()).toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED', cause: expect.objectContaining({ code: 'EIO' }) }),
    );
    journal.append(one('a', '2'));
    journal.rotate();
    journal.append(one('a', '3'));
    expect(all(replayOf(folder).records)).toEqual(all([one('a', '1'), one('a', '2'), one('a', '3')]));
    return journal.close();
  });

  test('an append to a closed journal rejects', async () => {
    const { journal } = start();
    await journal.close();
    expect(() => journal.append(one('a', '1'))).toThrow(/the session is closed/);
    await journal.close();
  });

  test('a background sync that fails is reported, and the journal tries it again by itself', async () => {
    let isBroken = true;
    let synced: () => void = () => {};
    const isSynced = new Promise<void>((resolve) => {
      synced = resolve;
    });
    const fs: FileSystem = {
      ...nodeFs,
      fdatasync: ((fd: number, done: (error: Error | null) => void) => {
        if (isBroken) {
          isBroken = false;
          return done(Object.assign(new Error('EIO'), { code: 'EIO' }));
        }
        nodeFs.fdatasync(fd, (error) => {
          done(error);
          synced();
        });
      }) as never,
    };
    const { journal, failures } = start(fs);
    journal.append(one('a', '1'));
    await isSynced;
    expect(failures).toMatchObject([{ code: 'STORAGE_FAILED' }]);
    await journal.close();
  });
});
