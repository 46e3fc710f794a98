import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SampleShare, startSampleShare } from './sample-share.js'

const script = fileURLToPath(new URL('../dist/node-script/main.js', import.meta.url))
const built = existsSync(script)
const skipped = built ? '' : ' (skipped: `npm run build` has not been run)'

let share: SampleShare
beforeAll(async () => {
  share = await startSampleShare()
})
afterAll(() => share.close())

async function run(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args])
  return stdout
}

describe.skipIf(!built)(`the Node script${skipped}`, () => {
  it('lists what the profile opens', async () => {
    const lines = (await run(share.profilePath)).trim().split('\n')
    expect(lines).toContain('city.public.trips')
    expect(lines.length).toBeGreaterThan(4)
  })

  it('adds up the files that a hint leaves', async () => {
    const files = async (...hints: readonly string[]) =>
      Number(/(\d+) files/.exec(await run(share.profilePath, 'city.public.trips', ...hints))![1])
    expect(await files()).toBe(28)
    expect(await files("day >= DATE '2026-03-13'")).toBe(4)
  })

  it('says what went wrong by its code, and fails', async () => {
    const failed = run(share.profilePath, 'city.public.nothing')
    await expect(failed).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^NOT_FOUND: the server answered 404/),
    })
  })
})
