import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** A code block of a document. */
export interface Block {
  /** `packages/client/README.md:6`. */
  readonly place: string
  readonly document: string
  readonly language: string
  readonly text: string
  /** Why it is not run, where a comment above it says so. */
  readonly notRun: string | undefined
  /** Why it is not even parsed. */
  readonly notChecked: string | undefined
}

/** The blocks of one document, in its order. */
export function blocksIn(document: string, text: string): readonly Block[] {
  const blocks: Block[] = []
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const [, indent, fence, info] = /^( *)(`{3,})(.*)$/.exec(lines[i]!) ?? []
    if (indent === undefined || fence === undefined || info === undefined) continue
    const end = lines.findIndex((line, j) => j > i && line.trim() === fence)
    if (end < 0) throw new Error(`${document}:${i + 1}: the block does not end`)
    const above = lines.slice(0, i).findLast(line => line.trim() !== '') ?? ''
    const said = (word: string) =>
      new RegExp(`^ *<!-- ${word}: (.*\\S) -->$`).exec(above)?.[1] ?? undefined
    blocks.push({
      place: `${document}:${i + 1}`,
      document,
      language: info.trim().split(/\s/)[0]!,
      text: lines
        .slice(i + 1, end)
        .map(line => (line.startsWith(indent) ? line.slice(indent.length) : line))
        .join('\n'),
      notRun: said('not run'),
      notChecked: said('not checked'),
    })
    i = end
  }
  return blocks
}

/** Every block of every document that people read. */
export function allBlocks(): readonly Block[] {
  const documents = ['.', 'packages', 'examples', 'docs'].flatMap(documentsIn)
  return documents.flatMap(document =>
    blocksIn(document, readFileSync(`${repository}/${document}`, 'utf8')),
  )
}

/** Those of a folder, and the README of each folder in it; `docs` down to its ground. */
function documentsIn(folder: string): readonly string[] {
  const entries = readdirSync(`${repository}/${folder}`, { withFileTypes: true })
  const within = (name: string) => (folder === '.' ? name : `${folder}/${name}`)
  return entries.flatMap(entry => {
    const path = within(entry.name)
    if (entry.isFile()) return entry.name.endsWith('.md') ? [path] : []
    if (folder === '.') return []
    if (folder.startsWith('docs')) return documentsIn(path)
    return existsSync(`${repository}/${path}/README.md`) ? [`${path}/README.md`] : []
  })
}

/** The commands of a transcript: what follows `$ `, with the lines that a quote goes on in. */
export function commandsIn(transcript: string): readonly string[] {
  return transcriptOf(transcript).map(({ command }) => command)
}

/** The commands of a transcript, each with the lines that it shows of what the command said. */
export function transcriptOf(
  transcript: string,
): readonly { readonly command: string; readonly shown: readonly string[] }[] {
  const steps: { command: string; shown: string[] }[] = []
  for (const line of transcript.split('\n')) {
    const last = steps.at(-1)
    const isOpen = (last?.command ?? '').split('"').length % 2 === 0
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), shown: [] })
    else if (last !== undefined && isOpen) last.command += `\n${line}`
    else if (line.trim() !== '') last?.shown.push(line)
  }
  return steps
}
