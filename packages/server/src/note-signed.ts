import type { SharedTable } from '@spillway/core'
import type { SignedFile } from '@spillway/engine'
import type { RequestContext } from './request-context.js'
import { originOf } from './signed-ledger.js'

export type NoteSigned = (batch: readonly Pick<SignedFile, 'url' | 'expiresAt'>[]) => void

/** Keeps until when the URLs of an answer are good, by where they lead: of a batch, nearly always one place. */
export function notedBy(
  { signed, recipient }: Pick<RequestContext, 'signed' | 'recipient'>,
  table: SharedTable,
): NoteSigned {
  const to = { recipient, table }
  const latest = new Map<string, number>()
  return batch => {
    for (const { url, expiresAt } of batch) {
      const at = originOf(url)
      if ((latest.get(at) ?? 0) >= expiresAt) continue
      latest.set(at, expiresAt)
      signed.note(to, { at, kind: 'url', until: expiresAt })
    }
  }
}
