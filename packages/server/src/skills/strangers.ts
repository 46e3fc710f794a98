import { type Recipient, type ShareCatalog, untilAborted } from '@spillway/core'
import { reasonOf } from '@spillway/engine'
import { networkOf, type Peer } from '../access/authentication-guard.js'
import { hasPublicSkills } from './visible-skills.js'

/** What code of embedders is told of whoever asks for what is public: no recipient has an empty name. */
export const NOBODY: Recipient = Object.freeze({ id: '', name: '' })

/** Without a token, where something is for everybody. One that is no good is refused, as everywhere. */
export async function asksAsStranger(
  catalog: ShareCatalog,
  {
    match: { route },
    request: { headers },
    signal,
  }: {
    readonly match: { readonly route: { readonly isOpen?: boolean } }
    readonly request: Pick<Request, 'headers'>
    readonly signal: AbortSignal
  },
): Promise<boolean> {
  if (route.isOpen !== true || headers.has('authorization')) return false
  return untilAborted(hasPublicSkills(catalog, signal), signal, reasonOf)
}

/** Strangers of one address share what one recipient may have under way. */
export function placeOf(peer: Peer | undefined): string {
  return `\u0000${peer === undefined ? '' : networkOf(peer.address)}`
}
