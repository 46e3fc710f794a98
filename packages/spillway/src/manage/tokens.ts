import { TableError } from '@spillway/core'
import type { ServeConfig } from '../configuration/config.js'
import { notThere, sameName } from '../edit/named-lists.js'

type Recipient = NonNullable<ServeConfig['shares']['recipients']>[number]

/** A token as people see it: never itself. */
export interface TokenFacts {
  readonly recipient: string
  /** The first digits of its hash. */
  readonly token: string
  readonly label: string | null
  readonly created: string | null
  readonly expires: string | null
  readonly expired: boolean
}

export interface KnownToken extends TokenFacts {
  /** Lower-case hex SHA-256. */
  readonly sha256: string
}

const ID_DIGITS = 8

export function tokenId(sha256: string): string {
  return sha256.slice(0, ID_DIGITS).toLowerCase()
}

/** The tokens of one recipient, or of all of them. */
export function tokensOf(
  { shares: { recipients = [] } }: ServeConfig,
  { name, now }: { readonly name?: string | undefined; readonly now: number },
): readonly KnownToken[] {
  const chosen = name === undefined ? recipients : [findRecipient(recipients, name)]
  return chosen.flatMap(recipient =>
    (recipient.tokens ?? []).map(({ sha256, label, createdAt, expiresAt }) => {
      const expires = instantText(expiresAt)
      return {
        recipient: recipient.name,
        token: tokenId(sha256),
        sha256: sha256.toLowerCase(),
        label: label ?? null,
        created: instantText(createdAt),
        expires,
        expired: expires !== null && Date.parse(expires) <= now,
      }
    }),
  )
}

function instantText(instant: string | Date | undefined): string | null {
  return instant === undefined ? null : new Date(instant).toISOString()
}

export function findRecipient(recipients: readonly Recipient[], name: string): Recipient {
  const found = recipients.find(each => sameName(each.name, name))
  if (found !== undefined) return found
  throw notThere(
    'recipient',
    name,
    recipients.map(each => each.name),
  )
}

/** Those that a person means by a label, or by the first four or more digits of a hash. */
export function tokensNamed(tokens: readonly KnownToken[], name: string): readonly KnownToken[] {
  const labelled = tokens.filter(({ label }) => label === name)
  if (labelled.length > 0) return labelled
  if (!/^[0-9a-f]{4,64}$/i.test(name)) return []
  const found = tokens.filter(({ sha256 }) => sha256.startsWith(name.toLowerCase()))
  if (found.length < 2) return found
  throw new TableError(
    'INVALID_REQUEST',
    `${found.length} tokens begin with ${name}: give more digits of their hash`,
  )
}

/** What a person may call the tokens that there are. */
export function tokenNames(tokens: readonly KnownToken[]): readonly string[] {
  const names = tokens.flatMap(({ token, label }) => (label === null ? [token] : [token, label]))
  return [...new Set(names)]
}
