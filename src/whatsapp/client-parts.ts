import type { EventEmitter } from 'node:events';
import type { SocketConfig } from '@whiskeysockets/baileys';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../core/clock.ts';
import type { ListedNumber } from '../core/typed-number.ts';
import type { Session } from '../session/session-store.ts';
import type { ClientEvents } from './client-events.ts';
import type { Connection } from './connection/connection.ts';
import { ConnectionFactory } from './connection/connection-factory.ts';
import { ConnectionLog } from './connection/connection-log.ts';
import type { SocketSettings } from './connection/open-socket.ts';
import { PhoneWatch } from './connection/phone-watch.ts';
import { ReconnectLoop } from './connection/reconnect-loop.ts';
import type { ReconnectPolicy } from './connection/reconnect-policy.ts';
import { ServerClock } from './connection/server-clock.ts';
import { WorkWatch } from './connection/work-watch.ts';
import { numberOfLid } from './numbers/lid-numbers.ts';
import { ListedNumbers } from './numbers/listed-numbers.ts';
import { TypedNumbers } from './numbers/typed-numbers.ts';
import { Inbox } from './receive/inbox.ts';
import { SentMessages } from './send/sent-messages.ts';
import { VersionChoice, type WaVersion } from './wa-version.ts';

export interface ClientOptions {
  readonly session: Session;
  /** The folder as the person wrote it, for what they are told to run. */
  readonly sessionPath: string;
  readonly socket: SocketSettings;
  readonly reconnect: ReconnectPolicy;
  /** Digits of a phone number: pair with a code instead of a QR. */
  readonly pairingNumber: string | undefined;
  /** Numbers in the settings, which WhatsApp is asked for. Default none. */
  readonly listedNumbers?: readonly ListedNumber[];
  readonly log: Logger;
  readonly baileysLog: SocketConfig['logger'];
  /** The version WhatsApp wants at the moment; undefined if no answer comes in time. */
  readonly lookUpVersion: () => Promise<WaVersion | undefined>;
  /** Default: the clock of the system. */
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** The parts of a client, joined and not started. */
export interface ClientParts {
  readonly inbox: Inbox;
  readonly phone: PhoneWatch;
  readonly numbers: TypedNumbers;
  readonly listed: ListedNumbers;
  readonly connectionLog: ConnectionLog;
  readonly serverClock: ServerClock;
  readonly watch: WorkWatch;
  readonly connections: ConnectionFactory;
  readonly loop: ReconnectLoop;
}

/** `events` are those of the client: the parts emit them. */
export function buildClientParts(options: ClientOptions, events: EventEmitter<ClientEvents>): ClientParts {
  const { session, log, socket, clock = systemClock } = options;
  const openConnection = (): Connection | undefined =>
    loop.connection?.isOpen ? loop.connection : undefined;
  const connectionLog = new ConnectionLog(log, options.sessionPath);
  const phone = new PhoneWatch(session, log, clock);
  const serverClock = new ServerClock(log, clock);
  const watch = new WorkWatch({
    log,
    clock,
    isOpen: () => openConnection() !== undefined,
    renew: (message) => loop.renew(message),
    onChange: () => events.emit('changed', loop.state),
  });
  // Before the bot hears of the message, because it may finish it at once.
  events.on('received', ({ key }) => watch.received(key));
  const localMs = (seconds: number): number => serverClock.localMs(seconds);
  const sent = new SentMessages(session, clock);
  const inbox = new Inbox({
    session,
    log,
    facts: { numberOf: (lid) => numberOfLid(session, lid), localMs },
    events,
    watch,
    sent,
    clock,
  });
  const listedNumbers = options.listedNumbers ?? [];
  const typed = listedNumbers.map(({ number }) => number);
  const numbers = new TypedNumbers(session, log, clock, typed);
  const listed = new ListedNumbers({
    listed: listedNumbers,
    numbers,
    socket: () => openConnection()?.socket,
    log,
  });
  events.on('opened', () => listed.opened());
  const version = new VersionChoice(socket.version, session, log, options.lookUpVersion);
  const connections = new ConnectionFactory({
    session,
    inbox,
    sent,
    settings: () => ({ ...socket, version: version.current }),
    log,
    baileysLog: options.baileysLog,
    clock,
    watch,
    numbers,
  });
  const loop = new ReconnectLoop({
    connections,
    session,
    log,
    connectionLog,
    policy: options.reconnect,
    version,
    pairingNumber: options.pairingNumber,
    events,
    clock,
    random: options.random ?? Math.random,
    observers: [serverClock, phone, watch],
  });
  return { inbox, phone, numbers, listed, connectionLog, serverClock, watch, connections, loop };
}
