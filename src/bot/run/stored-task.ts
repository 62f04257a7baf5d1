import type { IncomingMessage } from '../../core/messages/incoming-message.ts';
import { parseCommand } from '../intake/parse-command.ts';
import type { CommandRegistry } from '../loading/command-registry.ts';
import type { ListenerRegistry } from '../loading/listener-registry.ts';
import type { StoredConversation } from '../replay/conversation-row.ts';
import type { CommandTasks } from './command-tasks.ts';
import type { HandlerTask } from './handler-runner.ts';
import { listenerTask } from './listener-task.ts';
import { scheduleTask } from './schedule-task.ts';
import type { Senders } from './senders.ts';

export interface StoredTasksParts {
  readonly commands: CommandRegistry;
  readonly listeners: ListenerRegistry;
  readonly tasks: CommandTasks;
  readonly prefix: string;
  readonly senders: Senders;
}

/** Makes the tasks of conversations that go on. */
export class StoredTasks {
  readonly #parts: StoredTasksParts;

  constructor(parts: StoredTasksParts) {
    this.#parts = parts;
  }

  /** Undefined if there is no such handler any more. `message` is the one that began the conversation. */
  taskOf(run: StoredConversation, message: IncomingMessage): HandlerTask | undefined {
    const { commands, listeners, tasks, prefix, senders } = this.#parts;
    const { kind, name } = run.row.handler;
    if (kind === 'listener') {
      const found = listeners.find(name);
      return found && listenerTask(message, found, senders.factsOf(message), run);
    }
    if (kind === 'schedule') {
      const found = listeners.schedules.find((one) => one.name === name);
      return found && scheduleTask(message, found, run);
    }
    const loaded = commands.find(name);
    const line = parseCommand(message.text, prefix);
    return loaded && tasks.taskOf(message, loaded, line?.rest ?? '', senders.factsOf(message), run);
  }
}
