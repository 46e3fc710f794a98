import { quickOr } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { anatomyOf } from './src/anatomy.js'
import { fileKind } from './src/file-kind.js'
import { type Mutant, makeMutant, mutantSeed } from './src/mutant.js'
import { benchTables } from './src/tables.js'
import { cleanAnswer, tryMutant } from './src/trial.js'
import { changedPlaces } from './src/verdict.js'

const tables = benchTables().filter(({ name }) => name.startsWith('golden/'))
const planning = { rows: false }

function tableOf(name: string) {
  return tables.find(table => table.name === name)!
}

function mutantOf(
  name: string,
  ending: string,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
): Mutant {
  const table = tableOf(name)
  const path = [...table.objects().keys()].find(each => each.endsWith(ending))!
  const changed = new Map([[path, change(table.objects().get(path)!.slice())]])
  const kind = fileKind(table.format, path)!
  return { table, kind, path, layer: 'stored', mutator: 'by hand', where: '', changed }
}

describe('the bench itself', () => {
  it('makes the same mutant of the same seed, and others of others', () => {
    const made = (index: number) => makeMutant(tables, mutantSeed(7, index), planning)
    const text = (mutant: Mutant | undefined) =>
      mutant && [
        mutant.path,
        mutant.mutator,
        mutant.where,
        ...[...mutant.changed.values()].map(
          bytes => bytes && Buffer.from(bytes).toString('base64'),
        ),
      ]
    const first = Array.from({ length: 60 }, (_, i) => text(made(i)))
    expect(Array.from({ length: 60 }, (_, i) => text(made(i)))).toEqual(first)
    expect(new Set(first.map(each => JSON.stringify(each))).size).toBeGreaterThan(50)
  })

  it('puts parts of golden files back so that the file says what it said', () => {
    const counts: Record<string, number> = {}
    // A part of the tables: those of a kind are alike.
    const step = quickOr(8, 3)
    for (const table of tables.filter((_, i) => i % step === 0)) {
      for (const [path, bytes] of table.objects()) {
        const kind = fileKind(table.format, path)
        if (kind === undefined) continue
        const anatomy = anatomyOf(path, bytes)
        const index = anatomy.parts.length - 1
        for (const at of new Set([0, index >> 1, index])) {
          if (at < 0) continue
          const whole = anatomyOf(path, anatomy.assemble(at, anatomy.parts[at]!.bytes))
          expect(whole.parts.map(part => part.name)).toEqual(anatomy.parts.map(part => part.name))
          expect(Buffer.from(whole.parts[at]!.bytes).equals(anatomy.parts[at]!.bytes)).toBe(true)
        }
        counts[kind] = (counts[kind] ?? 0) + 1
      }
    }
    expect(Object.keys(counts).length).toBeGreaterThan(20)
  })

  it('calls a file that lost its end no longer whole, and names the place of a changed value', () => {
    const cut = mutantOf('golden/plain', '0.json', bytes => bytes.slice(0, -5))
    expect(changedPlaces(cut)).toBeUndefined()
    const renamed = mutantOf('golden/plain', '2.json', bytes => {
      const at = Buffer.from(bytes).indexOf('"part-')
      bytes[at + 7]! ^= 1
      return bytes
    })
    expect(changedPlaces(renamed)).toEqual(['lines: [].add.path'])
  })

  it('takes what nobody can notice for explained, and a loss for a finding', async () => {
    const newest = {
      ...mutantOf('golden/plain', '2.json', () => undefined),
      layer: 'file' as const,
      mutator: 'file removed',
    }
    expect((await tryMutant(newest, planning)).kind).toBe('explained')
    // The same answer with a change that the table of explanations does not have is a finding.
    const unexplained = { ...newest, mutator: 'something else' }
    expect((await tryMutant(unexplained, planning)).kind).toBe('unexplained change')
  })

  it('holds mutants of one meaning to the same answer', async () => {
    const commit = mutantOf('golden/plain', '2.json', bytes => bytes.slice(0, -5))
    expect((await tryMutant(commit, planning)).kind).toBe('refused')
    expect((await tryMutant({ ...commit, layer: 'meaning' }, planning)).kind).toBe(
      'meaning refused',
    )
  })

  it('opens nearly every golden table', async () => {
    const answers = await Promise.all(tables.map(table => cleanAnswer(table, planning)))
    expect(answers.filter(answer => typeof answer === 'string').length).toBeLessThan(8)
    expect(answers.length).toBeGreaterThan(200)
  })
})
