import type { DescribedSignature } from '@spillway/client'
import { formatCount, formatFacts, printable } from '../terminal/format-table.js'
import type { Style } from '../terminal/style.js'

const METHODS = {
  'public-key': 'by a key',
  certificates: 'by certificates',
  keyless: 'by an identity of Sigstore',
} as const

const NAMED = 5

/** What a signature claims. Whoever reads it must not take it for verified. */
export function signatureLines(
  { path, method, keyHint, subjectName, subjectDigest, files, ...beside }: DescribedSignature,
  style: Style,
): readonly string[] {
  const { unsigned, missing, different } = beside
  const facts = [
    ['signed', `${METHODS[method]}${keyHint === undefined ? '' : ` (${keyHint})`}`],
    ['subject', `${subjectName} ${subjectDigest}`],
    ['files', `${formatCount(files)} signed, ${formatCount(unsigned.length)} unsigned`],
    ...listFact('unsigned', unsigned),
    ...listFact('missing', missing),
    ...listFact('different', different),
  ] as const
  return [
    `${style.bold(printable(path))}  signed, not verified: ${HOW[method]}`,
    ...formatFacts(
      facts.map(([name, value]) => [name, printable(value)]),
      style,
    ),
  ]
}

const HOW = {
  'public-key': 'download with --public-key verifies it',
  certificates: 'download with --certificate-chain verifies it',
  keyless: 'model_signing verifies it, by the services of Sigstore',
} as const

function listFact(name: string, paths: readonly string[]): readonly (readonly [string, string])[] {
  if (paths.length === 0) return []
  const more = paths.length > NAMED ? ` and ${formatCount(paths.length - NAMED)} more` : ''
  return [[name, `${paths.slice(0, NAMED).join(', ')}${more}`]]
}
