import type { SignedFile } from '@spillway/engine'
import { originOf, type SignedFor, type SignedLedger } from './signed-ledger.js'

export type NoteSigned = (batch: readonly Pick<SignedFile, 'url' | 'expiresAt'>[]) => void

/** Keeps until when the URLs of an answer are good, by where they lead: of a batch, nearly always one place. */
export function notedBy(signed: SignedLedger, to: SignedFor): NoteSigned {
  const latest = new Map<string, number>()
  // Of the file before: the next lies nearly always in the same place, and no URL is cut for it.
  let place = ''
  let until = 0
  return batch => {
    for (const { url, expiresAt } of batch) {
      if (expiresAt <= until && place !== '' && url.startsWith(place)) continue
      const at = originOf(url)
      place = `${at}/`
      until = Math.max(latest.get(at) ?? 0, expiresAt)
      if (latest.get(at) === until) continue
      latest.set(at, until)
      signed.note(to, { at, kind: 'url', until })
    }
  }
}
