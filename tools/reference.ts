/** The reference in docs/commands.md: made from the types that an author of a command uses, and from their comments. */
import { readFileSync } from 'node:fs';
import { parseAst } from 'vitest/node';
import { between } from './between.ts';

type Statement = ReturnType<typeof parseAst>['body'][number];
type Declaration = NonNullable<Extract<Statement, { type: 'ExportNamedDeclaration' }>['declaration']>;
type Member = Extract<Declaration, { type: 'TSInterfaceDeclaration' }>['body']['body'][number];
type Maker = Extract<Declaration, { params: unknown }>;
interface Span {
  readonly start: number;
  readonly end: number;
}

/** A chapter: its heading, and the types it tells of, as `file: name`, the file in `src/`. */
const CHAPTERS: ReadonlyArray<readonly [heading: string, ...types: string[]]> = [
  [
    'The description of a command',
    'bot/command: command',
    'bot/command: CommandSpec',
    'bot/run/access: Access',
    'bot/command: WhenOpen',
  ],
  [
    'The description of a listener',
    'bot/listener: listener',
    'bot/listener: ListenerSpec',
    'bot/listener: ListenerEvent',
    'bot/listener: ListenerContext',
    'bot/schedule: schedule',
    'bot/schedule: ScheduleSpec',
    'bot/schedule: ScheduleContext',
  ],
  ['The description of a middleware', 'bot/middleware: Middleware'],
  ['Arguments', 'bot/args: *'],
  ['The context: what was said', 'bot/context: ContextInput'],
  [
    'The context: answers',
    'bot/context: ContextAnswers',
    'bot/send/say: Say',
    'bot/send/say: SayShape',
    'bot/send/say: SayImage',
    'bot/send/say: SayVideo',
    'bot/send/sent: Sent',
  ],
  [
    'The context: conversations',
    'bot/context: ContextMemory',
    'bot/context: AskOptions',
    'bot/replay/conversation-errors: AskTimeout',
    'bot/replay/conversation-errors: StepFailed',
  ],
  [
    'The context: state, log and program',
    'bot/context: ContextServices',
    'bot/state/chat-state: StateValues',
    'core/log: Log',
  ],
  [
    'Errors',
    'bot/refusal: Refusal',
    'bot/run/interrupted-error: Interrupted',
    'core/errors: AppError',
    'core/errors: ErrorCode',
    'core/errors: isAppError',
  ],
  [
    'Types that the context uses',
    'core/messages/incoming-message: Person',
    'core/messages/incoming-message: IncomingMessage',
    'core/messages/incoming-message: ChatKind',
    'core/messages/incoming-message: Quoted',
    'core/messages/incoming-message: IncomingMedia',
    'core/messages/incoming-message: MediaKind',
    'bot/run/fetch-media: MediaOptions',
    'bot/run/fetch-media: Media',
    'core/messages/group-facts: GroupFacts',
    'core/messages/group-facts: GroupMember',
    'bot/run/group-admin: GroupAdmin',
    'bot/run/group-admin: Who',
    'bot/command-info: CommandInfo',
    'bot/context: Me',
    'core/messages/incoming-message: Place',
    'core/messages/incoming-message: ContactCard',
    'core/messages/incoming-message: PollQuestion',
    'core/messages/incoming-message: IncomingEvent',
    'bot/services: Services',
    'bot/services: StatusFacts',
  ],
  [
    'Your own argument types',
    'bot/args: Arg',
    'bot/args: ArgFacts',
    'bot/args: Read',
    'bot/args: ArgSpec',
    'bot/args: ArgsOf',
  ],
];

/** Types that need no description: those of the language, type parameters, and types that follow from other types. */
const UNDESCRIBED =
  /^(?:AsyncIterable|Readonly|Record|RegExp|Omit|OneOf|Promise|ReadonlyArray|Uint8Array|AbortSignal|Context|[A-Z])$/;
/** The types whose members an author finds under `ctx.`. */
const OF_CONTEXT = ['ContextInput', 'ContextAnswers', 'ContextMemory', 'ContextServices'];

const BEGIN = '<!-- Made by `npm run docs` from the types in src/. Change it there. -->';
const END = '<!-- So far from the types. -->';

/** `markdown` with the reference between its two marks as it must be. Throws if a mark or a comment is missing. */
export function withReference(markdown: string): string {
  const chapters = CHAPTERS.map(([heading, ...types]) => [`### ${heading}`, ...types.map(tell)].join('\n\n'));
  return between(markdown, BEGIN, END, chapters.join('\n\n'));
}

function tell(type: string): string {
  const [file = '', wanted = ''] = type.split(': ');
  const source = new Source(file);
  if (wanted === '*') {
    const rows = source.makers.map((maker) => row(...source.make(maker), source.doc(maker)));
    return ['| in `args` | value | |', '|---|---|---|', ...rows].join('\n');
  }
  const exported = source.find(wanted);
  const { declaration } = exported;
  if (wanted === 'ErrorCode')
    return [`**\`${wanted}\`** ${source.doc(exported)}\n`, ...source.errorCodes()].join('\n');
  const doc = source.doc(exported);
  if (declaration.type === 'TSTypeAliasDeclaration') {
    const written = source.code(declaration);
    // What names other types does not compile alone.
    const fence = /\b(?:Arg|Context|ContactCard|IncomingEvent|Person|SayImage|SayShape)\b/.test(
      written.replace(`type ${wanted}`, ''),
    )
      ? ''
      : 'ts';
    return `**\`${wanted}\`** ${doc}\n\n\`\`\`${fence}\n${written}\n\`\`\``;
  }
  if ('params' in declaration) return `**\`${wanted}(${source.names(declaration)})\`** ${doc}`;
  if (declaration.type !== 'TSInterfaceDeclaration') return `**\`${wanted}\`** ${doc}`;
  const prefix = OF_CONTEXT.includes(wanted) ? 'ctx.' : '';
  const rows = declaration.body.body.map((member) =>
    row(code(prefix + source.signature(member)), source.doc(member)),
  );
  const title = prefix === '' ? `**\`${wanted}\`** ` : '';
  const taken = source.taken(declaration).map((name) => code(`ctx.${name}`));
  const more = taken.length === 0 ? '' : ` It has ${taken.join(', ')} as the context does, and:`;
  return [`${title}${doc}${more}\n`, '| | |', '|---|---|', ...rows].join('\n');
}

const code = (text: string): string => `\`${text}\``;
const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** The text of one file in `src/`, and its exports. */
class Source {
  readonly #file: string;
  readonly #text: string;
  readonly #exports: ReadonlyArray<Span & { readonly declaration: Declaration }>;

  constructor(file: string) {
    this.#file = file;
    this.#text = readFileSync(new URL(`../src/${file}.ts`, import.meta.url), 'utf8');
    this.#exports = parseAst(this.#text, { lang: 'ts' }).body.flatMap((node) =>
      node.type === 'ExportNamedDeclaration' && node.declaration
        ? [{ start: node.start, end: node.end, declaration: node.declaration }]
        : [],
    );
  }

  /** The functions that make an argument. */
  get makers(): ReadonlyArray<Span & { readonly declaration: Maker }> {
    return this.#exports.flatMap(({ declaration, ...span }) =>
      'params' in declaration && this.#slice(declaration.returnType).startsWith(': Arg<')
        ? [{ ...span, declaration }]
        : [],
    );
  }

  find(name: string): Span & { readonly declaration: Declaration } {
    const found = this.#exports.find(
      ({ declaration }) => 'id' in declaration && declaration.id && this.#slice(declaration.id) === name,
    );
    if (found === undefined) throw new Error(`${this.#file}.ts exports no ${name}`);
    return found;
  }

  /** The doc comment before this, in one line. */
  doc({ start }: Span): string {
    const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(this.#text.slice(0, start))?.[1];
    if (comment === undefined) {
      throw new Error(`${this.#file}.ts: no comment before ${this.#text.slice(start, start + 40)}`);
    }
    return comment
      .replace(/\n\s*\*/g, '\n')
      .replace(/\s+/g, ' ')
      .trim();
  }

  /** The codes of errors with what each one means. */
  errorCodes(): string[] {
    const codes = [...this.#text.matchAll(/^ {2}\/\*\* (.*) \*\/\n {2}(\w+): \d+,$/gm)];
    return ['| | |', '|---|---|', ...codes.map(([, doc = '', name = '']) => row(code(name), doc))];
  }

  /** `name(given: string): Promise<void>` */
  signature(member: Member): string {
    // Type parameters say little to a reader, and much to the compiler.
    return this.code(member)
      .replace(/\s+/g, ' ')
      .replace(/^(\w+)<[^(]*>\(/, '$1(')
      .replace(/;$/, '');
  }

  /** The names of the parameters of a function. */
  names({ params }: Maker): string {
    return params.map((param) => this.#slice(param).replace(/[:?=][\s\S]*$/, '')).join(', ');
  }

  /** What an interface takes from `Context`. */
  taken(declaration: Span): string[] {
    const names = /extends\s+Pick<\s*Context,([^>]*)>/.exec(this.#slice(declaration))?.[1] ?? '';
    return [...names.matchAll(/'(\w+)'/g)].map(([, name]) => name ?? '');
  }

  /** `word()`, and the type of its value. */
  make({ declaration }: { readonly declaration: Maker }): [call: string, value: string] {
    const params = declaration.params.map((param) =>
      param.type === 'AssignmentPattern' ? `${this.code(param.left)}?` : this.code(param),
    );
    const value = this.code(declaration.returnType).replace(/^: Arg<(.*)>$/, '$1');
    return [code(`${this.#slice(declaration.id)}(${params.join(', ')})`), code(value)];
  }

  /** The code without `readonly`. Throws if it names a type that the reference does not describe. */
  code(span: Span | null | undefined): string {
    const code = this.#slice(span).replaceAll('readonly ', '');
    const told = CHAPTERS.flatMap(([, ...types]) => types.map((type) => type.split(': ')[1]));
    for (const [name] of code.replace(/'[^']*'/g, '').matchAll(/\b[A-Z]\w*/g)) {
      if (!UNDESCRIBED.test(name) && !told.includes(name))
        throw new Error(`the reference does not describe ${name}`);
    }
    return code;
  }

  #slice(span: Span | null | undefined): string {
    return span ? this.#text.slice(span.start, span.end) : '';
  }
}
