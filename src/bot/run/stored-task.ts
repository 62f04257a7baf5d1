import type { IncomingMessage } from '../../core/incoming-message.ts';
import { parseCommand } from '../intake/parse-command.ts';
import type { CommandRegistry } from '../loading/command-registry.ts';
import type { ListenerRegistry } from '../loading/listener-registry.ts';
import type { StoredConversation } from '../replay/conversation-store.ts';
import type { CommandTasks, SenderFacts } from './command-tasks.ts';
import type { HandlerTask } from './handler-runner.ts';
import { listenerTask } from './listener-task.ts';
import { scheduleTask } from './schedule-task.ts';

export interface StoredTaskParts {
  readonly commands: CommandRegistry;
  readonly listeners: ListenerRegistry;
  readonly tasks: CommandTasks;
  readonly prefix: string;
  readonly senderOf: (message: IncomingMessage) => SenderFacts;
}

/** The handler of a conversation that goes on; undefined if there is no such handler any more. */
export function storedTask(
  run: StoredConversation,
  message: IncomingMessage,
  { commands, listeners, tasks, prefix, senderOf }: StoredTaskParts,
): HandlerTask | undefined {
  const { kind, name } = run.row.handler;
  if (kind === 'listener') {
    const found = listeners.find(name);
    return found && listenerTask(message, found, senderOf(message), run);
  }
  if (kind === 'schedule') {
    const found = listeners.schedules.find((one) => one.name === name);
    return found && scheduleTask(message, found, run);
  }
  const loaded = commands.find(name);
  const line = parseCommand(message.text, prefix);
  return loaded && tasks.taskOf(message, loaded, line?.rest ?? '', senderOf(message), run);
}
