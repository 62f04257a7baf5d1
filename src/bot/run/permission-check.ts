import { noteOutcome } from '../../core/messages/message-records.ts';
import type { Command } from '../command.ts';
import type { Context } from '../context.ts';
import { type Phrases, phrases } from '../phrases.ts';
import { Refusal } from '../refusal.ts';
import { type AccessDecision, decideAccess, isAdmin } from './access.ts';
import type { Cooldowns } from './cooldown.ts';

/** Asks WhatsApp for the admins of the group only if the decision depends on them. */
export async function accessOf(ctx: Context, access: Command['access']): Promise<AccessDecision> {
  const { isGroup, isOwner } = ctx;
  const group = access === 'admins' && !isOwner ? await ctx.group() : undefined;
  return decideAccess(access, {
    isGroup,
    isOwner,
    isAdmin: group !== undefined && isAdmin(ctx.message.sender, group),
  });
}

/** What a person is told who may not use a command. */
const PHRASE_OF = {
  'groups-only': 'groupsOnly',
  'admins-only': 'adminsOnly',
  'owners-only': 'ownersOnly',
} as const satisfies Record<Exclude<AccessDecision, 'allowed'>, keyof Phrases>;

/** Throws a `Refusal` if the sender may not use the command in this chat. */
export async function checkAccess(ctx: Context): Promise<void> {
  const decision = await accessOf(ctx, ctx.command.access);
  if (decision === 'allowed') return;
  noteOutcome(ctx.message.key, 'not-allowed', decision);
  throw new Refusal(phrases[PHRASE_OF[decision]]);
}

/** Whether the command may run now. Throws a `Refusal` the first time it may not. Owners do not wait. */
export function checkCooldown(ctx: Context, command: Command, cooldowns: Cooldowns, nowMs: number): boolean {
  if (ctx.isOwner) return true;
  const { key, sender } = ctx.message;
  const use = cooldowns.use(command.name, sender.id, key, command.cooldownMs, nowMs);
  if (use.verdict !== 'go') noteOutcome(key, 'cooldown', command.name);
  if (use.verdict === 'tell') {
    throw new Refusal(phrases.tooSoon(phrases.duration(Math.max(1_000, use.leftMs))));
  }
  return use.verdict === 'go';
}
