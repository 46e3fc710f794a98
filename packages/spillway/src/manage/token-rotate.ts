import { TableError } from '@spillway/core'
import { editConfig } from '../edit/edit-config.js'
import { addToken, endTokens } from '../edit/recipients.js'
import { durationMs } from '../terminal/duration.js'
import { printable } from '../terminal/format-table.js'
import { styleFor } from '../terminal/style.js'
import type { Terminal } from '../terminal/terminal.js'
import { answer, configPath, expiryOf, type ManageOptions } from './manage-options.js'
import { endpointNote, endpointOf, newToken, withProfile, writeProfile } from './new-profile.js'
import { type KnownToken, tokenId, tokensNamed, tokensOf } from './tokens.js'

export interface TokenRotateOptions extends ManageOptions {
  readonly endpoint?: string
  readonly expires?: string
  readonly out?: string
  readonly grace?: string
}

/** `spillway token rotate RECIPIENT [TOKEN]`: a new token; the old ones end after a time of grace. */
export async function tokenRotateCommand(
  { recipient, name }: { readonly recipient: string; readonly name: string | undefined },
  options: TokenRotateOptions,
  terminal: Terminal,
): Promise<void> {
  const path = configPath(options, terminal)
  const now = Date.now()
  const until = now + graceMs(options.grace ?? '7d')
  const token = newToken()
  const plan = {
    recipient,
    out: options.out,
    endpoint: '',
    expiresAt: undefined as string | undefined,
  }
  const { result } = await withProfile(undo =>
    editConfig(
      path,
      (document, config) => {
        const old = rotated(tokensOf(config, { name: recipient, now }), recipient, name)
        const labels = [...new Set(old.map(({ label }) => label))]
        const label = labels.length === 1 ? (labels[0] ?? undefined) : undefined
        plan.expiresAt = expiryLike(old, options.expires, now)
        plan.endpoint = endpointOf(config, options.endpoint)
        const ends = endsOf(old, until)
        endTokens(document, recipient, ends)
        addToken(document, recipient, {
          sha256: token.sha256,
          ...(label !== undefined && { label }),
          createdAt: new Date(now).toISOString(),
          ...(plan.expiresAt !== undefined && { expiresAt: plan.expiresAt }),
        })
        const olds = old.map(each => ({
          token: each.token,
          expires: ends.get(each.sha256) ?? each.expires,
        }))
        return { result: { olds, label }, changed: true }
      },
      {
        before: async () => {
          undo.profile = await writeProfile(token, plan, terminal)
        },
      },
    ).then(edited => ({ ...edited, result: { ...edited.result, profile: undo.profile! } })),
  )
  await reportRotated(
    { ...plan, ...result, token: tokenId(token.sha256), profile: result.profile.path, path },
    options,
    terminal,
  )
}

function graceMs(text: string): number {
  const found = durationMs(text)
  if (found !== undefined) return found
  throw new TableError('INVALID_REQUEST', `--grace expects 7d, 12h, 30m or 0, found ${text}`)
}

/** The named ones, or all that are good. */
function rotated(
  tokens: readonly KnownToken[],
  recipient: string,
  name: string | undefined,
): readonly KnownToken[] {
  const good = tokens.filter(({ expired }) => !expired)
  const found = name === undefined ? good : tokensNamed(good, name)
  if (found.length > 0) return found
  const what = name === undefined ? 'token that is still good' : `token ${name} that is still good`
  throw new TableError(
    'NOT_FOUND',
    `${recipient} has no ${what}: \`spillway token add\` makes one, \`token list\` lists them`,
  )
}

/** Grace only shortens: a token that ends earlier by itself does. */
function endsOf(old: readonly KnownToken[], until: number): ReadonlyMap<string, string> {
  const end = new Date(until).toISOString()
  const later = old.filter(({ expires }) => expires === null || Date.parse(expires) > until)
  return new Map(later.map(({ sha256 }) => [sha256, end]))
}

/** The new token lives as long as the one before it was made for; it never outlives by silence one that was to end. */
function expiryLike(
  old: readonly KnownToken[],
  given: string | undefined,
  now: number,
): string | undefined {
  if (given !== undefined) return given === 'never' ? undefined : expiryOf(given, now)
  const ending = old.filter(({ expires }) => expires !== null)
  if (ending.length < old.length || ending.length === 0) return undefined
  const lives = ending.map(({ created, expires }) =>
    created === null ? undefined : Date.parse(expires!) - Date.parse(created),
  )
  const known = lives.filter(life => life !== undefined && life > 0) as readonly number[]
  if (known.length === lives.length) return new Date(now + Math.max(...known)).toISOString()
  throw new TableError(
    'INVALID_REQUEST',
    'the token expires, and nothing says for how long it was made: give --expires 90d, or never',
  )
}

interface Rotated {
  readonly recipient: string
  readonly token: string
  readonly label: string | undefined
  readonly profile: string
  readonly path: string
  readonly endpoint: string
  readonly expiresAt: string | undefined
  readonly olds: readonly { readonly token: string; readonly expires: string | null }[]
}

async function reportRotated(
  made: Rotated,
  options: ManageOptions,
  terminal: Terminal,
): Promise<void> {
  const { recipient, token, label, profile, path, endpoint, expiresAt, olds } = made
  const style = styleFor(terminal.stdout, terminal.environment)
  const facts = {
    changed: true,
    recipient,
    token,
    label: label ?? null,
    profile,
    endpoint,
    config: path,
    expiresAt: expiresAt ?? null,
    replaced: olds.map(each => ({ ...each })),
  }
  const lines = [
    `${style.green('✓')} ${style.bold(profile)} is the new profile for ${printable(recipient)}: hand it over once, over a safe channel`,
    `  ${path} now holds the hash of token ${token}`,
    ...(expiresAt === undefined ? [] : [`  it expires at ${expiresAt}`]),
    ...olds.map(old => `  the old token ${old.token} ends at ${old.expires}`),
    ...endpointNote(endpoint),
  ]
  await answer({ facts, lines }, options, terminal)
}
