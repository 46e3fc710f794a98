import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { SignatureCheck, SignatureTrust } from '@spillway/client/node'
import { TableError, type WritableJson } from '@spillway/core'
import { formatCount, printable } from '../terminal/format-table.js'
import type { Terminal } from '../terminal/terminal.js'

/** Options of commands that verify signatures; names are those of `model_signing`. */
export interface TrustOptions {
  readonly publicKey?: string
  readonly certificateChain?: readonly string[]
  readonly allowUnsigned?: boolean
  readonly allowSymlinks?: boolean
}

/** Whose signature is believed; undefined where nobody asked for one. */
export async function readTrust(
  { publicKey, certificateChain, allowUnsigned, allowSymlinks }: TrustOptions,
  { folder }: Pick<Terminal, 'folder'>,
): Promise<SignatureTrust | undefined> {
  if (publicKey === undefined && certificateChain === undefined) {
    if (!allowUnsigned && !allowSymlinks) return undefined
    throw wrong('--public-key or --certificate-chain beside --allow-unsigned or --allow-symlinks')
  }
  if (publicKey !== undefined && certificateChain !== undefined) {
    throw wrong('--public-key or --certificate-chain, not both')
  }
  const read = (path: string) => readPem(resolve(folder, path), path)
  return {
    ...(publicKey !== undefined && { publicKey: await read(publicKey) }),
    ...(certificateChain && { certificateChain: await Promise.all(certificateChain.map(read)) }),
    allowUnsigned,
    allowSymlinks,
  }
}

async function readPem(path: string, named: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new TableError('INVALID_REQUEST', `expected a file of PEM at ${named}: ${code}`, {
      cause,
    })
  }
}

function wrong(expected: string): TableError {
  return new TableError('INVALID_REQUEST', `expected ${expected}`)
}

/** Each file that is not as it was signed, then by whom the rest is. */
export function signatureCheckLines(check: SignatureCheck): readonly string[] {
  const { ok, signer, verified, different, missing, unsigned } = check
  const reasons = { signature: '', ignored: 'left out by the signer', 'not-listed': 'not named' }
  const by =
    signer.kind === 'public-key'
      ? `the key ${signer.sha256}`
      : signer.subject.replaceAll('\n', ', ')
  const unsignedText = unsigned.length === 0 ? '' : `, ${formatCount(unsigned.length)} unsigned`
  return [
    ...different.map(path => `${printable(path)}  is another file than was signed`),
    ...missing.map(path => `${printable(path)}  was signed and is missing`),
    ...unsigned.map(({ path, reason }) => `${printable(path)}  is unsigned: ${reasons[reason]}`),
    ok
      ? `signed by ${printable(by)}: ${formatCount(verified, 'file')} verified${unsignedText}`
      : `not as signed by ${printable(by)}${onlyUnsigned(check) ? ': --allow-unsigned puts up with files that are not signed' : ''}`,
  ]
}

function onlyUnsigned({ different, missing }: SignatureCheck): boolean {
  return different.length + missing.length === 0
}

/** What nobody asked to verify is told, and is not called verified. */
export function unverifiedLine(paths: readonly string[]): readonly string[] {
  return paths.includes('model.sig')
    ? ['model.sig  is a signature that was not verified: --public-key or --certificate-chain does']
    : []
}

export function signatureCheckJson(check: SignatureCheck): {
  readonly [key: string]: WritableJson
} {
  const { signer, different, missing, unsigned, ...facts } = check
  return {
    ...facts,
    signer: { ...signer },
    different: [...different],
    missing: [...missing],
    unsigned: unsigned.map(({ path, reason }) => ({ path, reason })),
  }
}
