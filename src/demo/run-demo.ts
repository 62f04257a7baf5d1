import { fileURLToPath } from 'node:url';
import { messageOf } from '../core/errors.ts';
import type { BotProcess } from './bot-process.ts';
import type { DemoOptions } from './demo-options.ts';
import { DemoSetup } from './demo-setup.ts';
import { DemoProblem, link } from './demo-waits.ts';
import { Reporter } from './event-reporter.ts';
import { Prompt } from './prompt.ts';
import type { Explain } from './prompt-actions.ts';
import { alarm, aside, logged, Screen, title, told } from './screen.ts';
import { OPENING, tellStory } from './story.ts';

/** Its folder `commands` has the conversation of the story. */
const STORY_FOLDER = fileURLToPath(new URL('.', import.meta.url));

export interface DemoParts {
  readonly options: DemoOptions;
  /** An empty folder for everything that is written. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly isColorAllowed: boolean;
  /** Ends the demo; that is no failure. */
  readonly signal: AbortSignal;
  readonly started: (bot: BotProcess) => void;
  readonly explain: Explain;
}

/** The demo from its first line to its last. Resolves with the exit code once bot and simulator have ended. */
export async function playDemo(parts: DemoParts): Promise<number> {
  const { folder, env, signal, output, isColorAllowed } = parts;
  const screen = new Screen(output, isColorAllowed);
  const setup = new DemoSetup({ folder, env, signal, projects: projectsOf(parts.options) });
  const reporter = new Reporter(screen);
  reporter.listenTo(setup);
  parts.started(setup.bot);
  try {
    await setup.start();
    return await play(parts, setup, screen, reporter);
  } catch (error) {
    if (signal.aborted) return 0;
    if (!(error instanceof DemoProblem)) throw error;
    screen.print(alarm(messageOf(error), screen.look));
    if (error.lastLines.length > 0) screen.print(told('The last lines of the bot:', screen.look));
    screen.print(error.lastLines.flatMap((line) => logged(line, screen.look)));
    return 1;
  } finally {
    if (signal.aborted) screen.print(['']);
    await setup.stop();
  }
}

/** The commands of the story do not disturb people who write their own. */
function projectsOf({ hasStory, project }: DemoOptions): string[] {
  const own = project === undefined ? [] : [project];
  return hasStory ? [STORY_FOLDER, ...own] : own;
}

async function play(parts: DemoParts, setup: DemoSetup, screen: Screen, reporter: Reporter): Promise<number> {
  const { hasStory, hasPrompt } = parts.options;
  const isKept = hasStory ? await tellStory(setup, screen) : await begin(setup, screen);
  if (hasPrompt) {
    invite(hasStory, screen, parts.options.project === undefined ? 'src/commands/' : 'commands/');
    await new Prompt({ ...parts, setup, screen, reporter }).run();
    screen.print(['', ...aside('The bot, the simulator and their files are gone. Goodbye.', screen.look)]);
  }
  return isKept ? 0 : 1;
}

/** Without the story: linked at once. */
async function begin(setup: DemoSetup, screen: Screen): Promise<boolean> {
  screen.print(title(OPENING[0], screen.look));
  const linked = link(setup);
  await setup.startBot();
  await linked;
  return true;
}

function invite(hasStory: boolean, screen: Screen, folder: string): void {
  const { look } = screen;
  screen.print(title('Your turn', look));
  screen.print(
    told(
      `You are Anna. Try !ping, !help, or a command of your own: a file in ${folder} is loaded when it is saved.`,
      look,
    ),
  );
  const tries = hasStory ? '/kill, /restart, /burst 100, /offline 10' : '/as Ben, /as Family, /restart';
  screen.print([...aside(`Also ${tries}; /help lists everything, /quit ends it.`, look), '']);
}
