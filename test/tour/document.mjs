// The stops of docs/tour.md: what happens at each is written by hand, which files there are is written by the trace.
import { packageOf } from './files.mjs'

const SECTION = /(<!-- stops of: ([\w-]+) -->\n)([\s\S]*?)(<!-- end of stops -->)/g
const STOP = /^\d+\. \*\*\[([^\]]+)\].*\n((?: {3}(?!- ).*\n)*)/gm

/** In the place of a sentence that nobody has written yet. */
export const UNWRITTEN = '(What happens here?)'

/**
 * `text` with the stops of `tours`, by the name of their section, as they are now. What is written about a stop stays with its room;
 * with its number, where the room is called otherwise now.
 */
export function withStops(text, tours) {
  const left = new Set(Object.keys(tours))
  const out = text.replace(SECTION, (_, begin, name, old, end) => {
    if (!left.delete(name))
      throw new Error(`${name} is a section without a tour, or is there twice`)
    return begin + sectionOf(tours[name], old) + end
  })
  if (left.size > 0) throw new Error(`no section has the stops of: ${[...left].join(', ')}`)
  return out
}

function sectionOf({ stops, bottom, chain }, old) {
  const told = sentencesFor(stops, old)
  const lines = stops.map((stop, i) => stopText(stop, told[i]))
  return `
${lines.join('\n')}
Below all of them: ${bottom.map(partText).join('; ')}.

Who waits when ${chain.when}: ${chain.files.map(fileText).join(' → ')}.

`
}

/** What was written about each of `stops`. */
function sentencesFor(stops, old) {
  const written = [...old.matchAll(STOP)].map(([, room, sentences]) => ({ room, sentences }))
  const told = stops.map(({ room }) => {
    const at = written.findIndex(each => each?.room === room)
    return at < 0 ? undefined : written.splice(at, 1, undefined)[0].sentences
  })
  return told.map((sentences, i) => sentences ?? written[i]?.sentences ?? `   ${UNWRITTEN}\n`)
}

function stopText({ number, room, parts }, sentences) {
  return `${number}. **${linked(room)}**\n${sentences}${parts.map(partLine).join('')}`
}

function partLine(part) {
  return `   - ${part.after === 0 ? '' : `after ${part.after}, `}${partText(part)}\n`
}

function partText({ room, files }) {
  return `${linked(room)}: ${files.map(nameOf).join(', ')}`
}

function linked(room) {
  return `[${room}](../packages/${packageOf(room)}/src${room.slice(packageOf(room).length)})`
}

function nameOf(file) {
  return `\`${file.split('/').at(-1)}\``
}

function fileText(file) {
  const [, name, , ...path] = file.split('/')
  return `\`${[name, ...path].join('/')}\``
}

/** The lines of `before` that `after` has not, and the other way round; where only their order differs, the first out of place. */
export function differences(before, after) {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const lines = [
    ...old.filter(line => !now.includes(line)).map(line => `- ${line}`),
    ...now.filter(line => !old.includes(line)).map(line => `+ ${line}`),
  ]
  const at = old.findIndex((line, i) => line !== now[i])
  return lines.length > 0 || at < 0 ? lines : [`line ${at + 1} should be: ${now[at]}`]
}
