import type { JsonObject } from '@spillway/core'
import { folderUri, locationFromInput } from '@spillway/storage'
import { type InspectedFolder, inspectFolder } from '../assets/inspect-folder.js'
import { compose, machineS3 } from '../tables/compose.js'
import { formatBytes, formatCount, formatFacts, printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Style, styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

/** Says what a folder that is no table could be shared as; false where no file lies there. */
export async function inspectAsset(
  location: string,
  options: { readonly json?: boolean | undefined },
  terminal: Terminal,
): Promise<boolean> {
  const { signal, stdout, environment, folder } = terminal
  const at = folderUri(locationFromInput(location, folder))
  const s3 = machineS3(environment)
  const spillway = compose(s3 === undefined ? {} : { s3 })
  try {
    const found = await withProgress(terminal, `reading ${location}`, () =>
      inspectFolder(spillway.store, at, signal),
    )
    if (found === undefined) return false
    if (options.json) await writeLine(stdout, shownJson(factsOf(found)))
    else {
      const style = styleFor(stdout, environment)
      for (const line of linesOf(found, location, style)) await writeLine(stdout, line)
    }
    return true
  } finally {
    await spillway.close()
  }
}

/** With what would stand in a configuration. */
function factsOf({ details, faults, ...found }: InspectedFolder): JsonObject {
  return {
    ...found,
    warnings: [...found.warnings],
    details: Object.fromEntries(details),
    faults: faults.map(each => ({ ...each })),
    share: entryOf({ ...found, details }),
  }
}

/** What would be written below a schema. */
function entryOf({
  kind,
  location,
  details,
}: Pick<InspectedFolder, 'kind' | 'location' | 'details'>) {
  const said = details.find(([key]) => key === 'name')?.[1]
  const folder = location.split('/').at(-2) ?? 'files'
  const place = location.startsWith('file:') ? location.slice('file://'.length) : location
  if (kind === 'skill') return { skills: [{ name: said ?? folder, location: place }] }
  if (kind === 'volume') return { volumes: [{ name: folder, location: place }] }
  // Versions of models lie in folders of their numbers.
  const [, number] = /^v?([1-9]\d{0,14})$/.exec(folder) ?? []
  const name = number === undefined ? folder : (location.split('/').at(-3) ?? folder)
  return { models: [{ name, versions: [{ version: Number(number ?? 1), location: place }] }] }
}

function linesOf(found: InspectedFolder, location: string, style: Style): readonly string[] {
  const { kind, files, bytes, details, faults, moreFaults, warnings } = found
  const facts = [
    ['files', `${formatCount(files)}, ${formatBytes(bytes)}`],
    ...details.map(([key, text]) => [key, printable(text)] as const),
  ] as const
  const told = faults.map(({ path, reason }) =>
    path === undefined ? reason : `${JSON.stringify(path)}: ${reason}`,
  )
  const added = `spillway share add ${printable(quoted(location))} --kind ${kind} --name SHARE.SCHEMA.NAME`
  const more = moreFaults > 0 ? [`and ${formatCount(moreFaults, 'more fault')}`] : []
  return [
    `${style.bold(printable(location))}  ${style.cyan(kind)}  ${style.dim('no table')}`,
    '',
    ...formatFacts(facts, style),
    ...[...told, ...more].map(text => `${style.red('✗')} ${printable(text)}`),
    ...warnings.map(text => `${style.yellow('!')} ${printable(text)}`),
    '',
    `${faults.length === 0 ? 'It' : 'Once that is mended, it'} can be shared by \`${added}\`, or by what stands here in spillway.yaml:`,
    ...configLines(found).map(line => `  ${printable(line)}`),
  ]
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function configLines(found: InspectedFolder): readonly string[] {
  const [[key, entries]] = Object.entries(entryOf(found)) as [[string, readonly object[]]]
  const entry = JSON.stringify(entries[0])
  return [
    'shares:',
    '  - name: shared',
    '    schemas:',
    '      - name: default',
    `        ${key}: [${entry}]`,
  ]
}
