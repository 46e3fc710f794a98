import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** What a bench, as it was built, writes of itself. Throws what it printed where it ends with anything but 0. */
export async function ranBench<Result>(name: string, args: readonly string[]): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-bench-'))
  const json = join(folder, 'result.json')
  const bench = fileURLToPath(new URL(`./dist/${name}.js`, import.meta.url))
  try {
    await promisify(execFile)(process.execPath, [bench, ...args, '--json', json])
    return JSON.parse(await readFile(json, 'utf8')) as Result
  } catch (error) {
    const { stdout = '' } = error as { readonly stdout?: string }
    throw new Error(`${name}: ${stdout.slice(-3000)}`, { cause: error })
  } finally {
    await rm(folder, { recursive: true })
  }
}
