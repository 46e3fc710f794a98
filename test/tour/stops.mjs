// From the files that were entered to the stops of a tour. docs/tour.md says what a stop is.
import { isBottom, packageOf, roomOf, START } from './files.mjs'

/**
 * The stops of a trace, in the order in which whoever follows the calls comes to them: `number`, `room` and the `parts` of what runs
 * there. A part has `files` of one `room`, the stop's own or one that only answers it; `after` is the number of the last stop that
 * the calls have come back from by then, or 0. `leads` are the packages that its calls go on into. `bottom` has the parts of the package that all others stand on.
 */
export function stopsOf({ files, calls }) {
  const above = files.filter(({ file }) => !isBottom(file))
  const start = visitTo('', new Set())
  const node = visitTo('', new Set())
  const visits = new Map([[START, start]])
  for (const { file, caller } of above) {
    visits.set(file, visitFrom(visits.get(caller) ?? node, roomOf(file)))
  }
  for (const [caller, file] of calls) {
    if (!isBottom(file)) visits.get(caller)?.calls.add(packageOf(roomOf(file)))
  }
  const stops = stopsAmong(start, node)
  addParts(above, visits)
  // What only something beside the work calls, as a server that sweeps up after its start, is of no stop.
  const isOfStop = file =>
    calls.every(([, called]) => called !== file) ||
    calls.some(([caller, called]) => {
      if (called !== file) return false
      return caller === START || stopOf(visits.get(caller)) !== undefined
    })
  return {
    stops: stops.map(stop => ({
      number: stop.number,
      room: stop.room,
      leads: leadsOf(stop),
      parts: stop.parts,
    })),
    bottom: partsByRoom(files.filter(({ file }) => isBottom(file) && isOfStop(file))),
  }
}

/** What the calls enter of one room from one visit to another. `packages` are those on the way here, its own included. */
function visitTo(room, packages, from) {
  return { room, packages, from, children: [], calls: new Set() }
}

function visitFrom(from, room) {
  if (from.room === room) return from
  const known = from.children.find(child => child.room === room)
  if (known !== undefined) return known
  const visit = visitTo(room, new Set([...from.packages, packageOf(room)]), from)
  from.children.push(visit)
  return visit
}

/** What the followed work calls is a stop wherever it leads; of what Node calls, only that from which the calls go on. */
function stopsAmong(start, node) {
  const begins = [...start.children, ...node.children.filter(isStop)]
  const stops = begins.flatMap(begin => [begin, ...inOrder(begin).slice(1).filter(isStop)])
  for (const [i, stop] of stops.entries()) {
    stop.number = i + 1
    stop.parts = []
  }
  return stops
}

/** From a stop the calls go on, there or behind it, into a package that they have not come through. */
function isStop(visit) {
  return leadsOf(visit).length > 0
}

function leadsOf(visit) {
  const called = new Set(inOrder(visit).flatMap(({ calls }) => [...calls]))
  return [...called].filter(name => !visit.packages.has(name))
}

function inOrder(visit) {
  return [visit, ...visit.children.flatMap(inOrder)]
}

/** Each file to the stop that it is visited from. What leads nowhere from Node, as listeners of connections do, is of no stop. */
function addParts(files, visits) {
  const begun = new Set()
  for (const { file } of files) {
    const visit = visits.get(file)
    const stop = stopOf(visit)
    if (stop === undefined) continue
    begun.add(stop)
    const inside = inOrder(stop).filter(each => each !== stop && begun.has(each))
    const after = Math.max(0, ...inside.map(({ number }) => number))
    addFile(stop.parts, { room: visit.room, file, after })
  }
}

function stopOf(visit) {
  return visit === undefined || visit.number !== undefined ? visit : stopOf(visit.from)
}

function addFile(parts, { room, file, after }) {
  const part = parts.find(each => each.room === room && each.after === after)
  if (part === undefined) parts.push({ room, files: [file], after })
  else part.files.push(file)
}

/** In the order of their names: which of them comes first says nothing, since all stand on them. */
function partsByRoom(files) {
  const parts = []
  const named = files.map(({ file }) => ({ file })).sort((a, b) => (a.file < b.file ? -1 : 1))
  for (const { file } of named) addFile(parts, { room: roomOf(file), file, after: 0 })
  return parts
}

/** The rooms of a chain of callers: one for each time that the calls went into it. */
export function roomsOfChain({ files }) {
  return files.map(roomOf).filter((room, i, all) => room !== all[i - 1])
}

/**
 * What is wrong with a tour of which there may be `most` stops, and to whose rooms nobody comes back more than `returns` times. For
 * the chain of those who wait at its end the same holds, by the strictest count: each time that the calls go into a room.
 */
export function problemsOf({ stops, chain }, { most, returns }) {
  const waiting = roomsOfChain(chain)
  const isWaiting = new Set(waiting).size
  return [
    ...(stops.length > most ? [`${stops.length} stops, more than ${most}`] : []),
    ...(isWaiting > most ? [`${isWaiting} rooms wait, more than ${most}`] : []),
    ...oftenIn(
      stops.map(stop => stop.room),
      returns,
    ).map(room => `${room} is a stop too often`),
    ...oftenIn(waiting, returns).map(room => `who waits comes back to ${room} too often`),
  ]
}

function oftenIn(rooms, returns) {
  const times = new Map()
  for (const room of rooms) times.set(room, (times.get(room) ?? 0) + 1)
  return [...times].filter(([, count]) => count > returns + 1).map(([room]) => room)
}
