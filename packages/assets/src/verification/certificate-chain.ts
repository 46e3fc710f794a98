import { corrupt } from '@spillway/core'
import type { Certificate } from './certificate.js'

export interface ChainOptions {
  /** Certificates that are trusted as they are. Only those that are signed by themselves end a chain. */
  readonly roots: readonly Certificate[]
  /** What may stand between. */
  readonly others: readonly Certificate[]
  /** When all of them have to be valid, in epoch milliseconds. */
  readonly at: number
}

/** Certificates above a signer's. */
const MAX_DEPTH = 10
/** Signatures that are looked at: certificates of one name may be many. */
const MAX_TRIES = 200

/** Algorithms by which anybody could have made another certificate with the same signature: MD5 and SHA-1. */
const WEAK = new Set([
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
  '1.3.14.3.2.29',
])

/** Throws `TABLE_CORRUPT`, with what was found on the way, where no chain leads from `leaf` to a root. */
export function requireChain(leaf: Certificate, options: ChainOptions): void {
  const fault = ownFault(leaf, options.at)
  if (fault !== undefined) throw refused(`its certificate ${fault}`)
  const isRoot = options.roots.some(root => root.x509.raw.equals(leaf.x509.raw))
  if (isRoot && isSelfSigned(leaf)) return
  const search = new ChainSearch(options)
  if (!search.leadsToRoot(leaf, 0)) {
    const [first = 'nobody who issued it is known'] = search.reasons
    throw refused(`its certificates lead to no root that is trusted: ${first}`)
  }
}

class ChainSearch {
  readonly reasons: string[] = []
  readonly #options: ChainOptions
  #tries = 0

  constructor(options: ChainOptions) {
    this.#options = options
  }

  /** `below`: certificates between `child` and the signer's own, `child` counted where it is not that. */
  leadsToRoot(child: Certificate, below: number): boolean {
    if (below > MAX_DEPTH) return this.#note('a chain of more than 10 certificates')
    const { roots, others, at } = this.#options
    for (const issuer of [...roots, ...others]) {
      if (issuer.x509.raw.equals(child.x509.raw) || !child.x509.checkIssued(issuer.x509)) continue
      if (++this.#tries > MAX_TRIES) return this.#note('too many certificates of one name')
      const name = shown(issuer)
      const fault = ownFault(issuer, at) ?? issuerFault(issuer, below)
      if (!child.x509.verify(issuer.x509.publicKey))
        this.#note(`${name} has not signed what names it`)
      else if (fault !== undefined) this.#note(`${name} ${fault}`)
      else if (WEAK.has(child.algorithm)) this.#note(`${shown(child)} is signed by MD5 or SHA-1`)
      else if (roots.includes(issuer) && isSelfSigned(issuer)) return true
      else if (this.leadsToRoot(issuer, below + 1)) return true
    }
    this.#note(`no certificate that issued ${shown(child)} is known`)
    return false
  }

  #note(reason: string): false {
    this.reasons.push(reason)
    return false
  }
}

function ownFault({ validFrom, validTo, unknown }: Certificate, at: number): string | undefined {
  if (!(validFrom <= at && at <= validTo)) return `is not valid at ${new Date(at).toISOString()}`
  return unknown === undefined
    ? undefined
    : `has a critical extension that is not known (${unknown})`
}

function issuerFault({ x509, usage, pathLength }: Certificate, below: number): string | undefined {
  if (!x509.ca || usage?.issues === false) return 'may issue no certificates'
  return below > pathLength ? `may have no ${below} certificates below it` : undefined
}

function isSelfSigned({ x509 }: Certificate): boolean {
  return x509.subject === x509.issuer && x509.verify(x509.publicKey)
}

function shown({ x509 }: Certificate): string {
  return JSON.stringify(x509.subject.replaceAll('\n', ', ').slice(0, 200))
}

function refused(reason: string) {
  return corrupt('a model signature of a trusted signer', reason)
}
