import type { Document, YAMLMap } from 'yaml'
import {
  dropText,
  findNamed,
  listIn,
  mapsIn,
  nameOf,
  notThere,
  sameName,
  textsIn,
} from './named-lists.js'

/** A token as the file keeps it: times in ISO 8601. */
export interface WrittenToken {
  readonly sha256: string
  readonly label?: string
  readonly createdAt?: string
  readonly expiresAt?: string
}

/** False where the recipient is there already. */
export function addRecipient(document: Document, name: string): boolean {
  if (findNamed(document.get('recipients'), name) !== undefined) return false
  listIn(document, 'recipients').add(document.createNode({ name, shares: [], tokens: [] }))
  return true
}

/** The shares of these that were not granted yet. */
export function addGrants(
  document: Document,
  name: string,
  shares: readonly string[],
): readonly string[] {
  const recipient = recipientOf(document, name)
  const granted = textsIn(recipient.get('shares'))
  const wanted = shares.filter((share, i) => shares.findIndex(each => sameName(each, share)) === i)
  const added = granted.includes('*')
    ? []
    : wanted.filter(share => !granted.some(each => sameName(each, share)))
  if (added.length === 0) return []
  const list = listIn(recipient, 'shares', { short: true })
  for (const share of added) list.add(document.createNode(share))
  return added
}

/** Those of these recipients, which are made where they are new, to whom the share was not granted yet. */
export function grantShare(
  document: Document,
  recipients: readonly string[],
  share: string,
): readonly string[] {
  return recipients.filter(recipient => {
    addRecipient(document, recipient)
    return addGrants(document, recipient, [share]).length > 0
  })
}

/** The shares of these that were granted. */
export function dropGrants(
  document: Document,
  name: string,
  shares: readonly string[],
): readonly string[] {
  const list: unknown = recipientOf(document, name).get('shares')
  return shares.filter(share => dropText(list, share))
}

export function addToken(document: Document, name: string, token: WrittenToken): void {
  listIn(recipientOf(document, name), 'tokens').add(document.createNode(token))
}

/** Takes tokens out by their hashes. */
export function dropTokens(document: Document, name: string, hashes: readonly string[]): void {
  const list = listIn(recipientOf(document, name), 'tokens')
  const dropped = tokensIn(list, hashes)
  list.items = list.items.filter(item => !dropped.includes(item as YAMLMap))
}

export function endTokens(
  document: Document,
  name: string,
  ends: ReadonlyMap<string, string>,
): void {
  const list = listIn(recipientOf(document, name), 'tokens')
  for (const token of tokensIn(list, [...ends.keys()])) {
    token.set('expiresAt', ends.get(String(token.get('sha256')).toLowerCase()))
  }
}

function tokensIn(list: unknown, hashes: readonly string[]): readonly YAMLMap[] {
  return mapsIn(list).filter(token => hashes.includes(String(token.get('sha256')).toLowerCase()))
}

function recipientOf(document: Document, name: string): YAMLMap {
  const recipients: unknown = document.get('recipients')
  const found = findNamed(recipients, name)
  if (found !== undefined) return found
  throw notThere('recipient', name, mapsIn(recipients).map(nameOf))
}
