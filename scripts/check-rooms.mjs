#!/usr/bin/env node
// Holds the rooms of every package: no circle between files, arrows between folders that go one way, few files in each,
// no long file or function, and at the door of each a README that says in some lines what happens in it.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { longFunctions } from './long-functions.mjs'

const AT_THE_ROOT = 15
const IN_A_ROOM = 20
const LINES_OF_A_FILE = 300
const LINES_OF_A_FUNCTION = 60
const LINES_AT_A_DOOR = 8

const RELATIVE = /(?:from|import)\s*\(?\s*'(\.[^']+)'/g

const problems = []
const packages = process.argv.length > 2 ? process.argv.slice(2) : readdirSync('packages')
for (const name of packages) checkPackage(name, join('packages', name, 'src'))

function checkPackage(name, root) {
  const files = new Map()
  for (const path of sourceFiles(root)) {
    const text = readFileSync(path, 'utf8')
    const imports = [...text.matchAll(RELATIVE)].map(([, to]) =>
      join(dirname(path), to.replace(/\.js$/, '.ts')),
    )
    files.set(path, imports)
    const lines = text.split('\n').length - 1
    if (lines > LINES_OF_A_FILE) problems.push(`${path} has ${lines} lines`)
    for (const long of longFunctions(text, LINES_OF_A_FUNCTION)) {
      problems.push(`${path}:${long.line} is a function of ${long.lines} lines`)
    }
  }
  for (const circle of circlesOf(files)) problems.push(`a circle of files: ${circle.join(' ')}`)
  checkRooms(name, root, files)
}

function checkRooms(name, root, files) {
  const rooms = new Map()
  for (const [path, imports] of files) {
    const room = dirname(path)
    const others = imports.map(dirname).filter(other => other !== room)
    rooms.set(room, new Set([...(rooms.get(room) ?? []), ...others]))
  }
  for (const circle of circlesOf(rooms)) {
    problems.push(`arrows both ways between rooms: ${circle.join(' ')}`)
    for (const [path, imports] of files) {
      for (const to of imports) {
        const [from, into] = [dirname(path), dirname(to)]
        if (from !== into && circle.includes(from) && circle.includes(into)) {
          problems.push(`  ${relative(root, path)} -> ${relative(root, to)}`)
        }
      }
    }
  }
  for (const room of rooms.keys()) {
    const count = readdirSync(room).filter(entry => entry.endsWith('.ts')).length
    const most = room === root ? AT_THE_ROOT : IN_A_ROOM
    if (count > most) problems.push(`${room} has ${count} files, more than ${most}`)
    if (room !== root) checkDoor(room)
  }
  const tests = join('packages', name, 'test')
  for (const folder of existsSync(tests) ? folders(tests) : []) {
    const mirrored = join(root, relative(tests, folder))
    const isOwn = /^(support|fixtures)/.test(relative(tests, folder))
    if (!isOwn && !existsSync(mirrored)) problems.push(`${folder} mirrors no room`)
  }
}

function checkDoor(room) {
  const door = join(room, 'README.md')
  if (!existsSync(door)) return problems.push(`${room} has no README.md at its door`)
  const lines = readFileSync(door, 'utf8').trim().split('\n').length
  if (lines > LINES_AT_A_DOOR) problems.push(`${door} has ${lines} lines`)
}

/** Strongly connected components of more than one (Tarjan). */
function circlesOf(graph) {
  const circles = []
  const order = new Map()
  const low = new Map()
  const path = []
  const visit = node => {
    order.set(node, order.size)
    low.set(node, order.get(node))
    path.push(node)
    for (const next of graph.get(node)) {
      if (!graph.has(next)) continue
      if (!order.has(next)) visit(next)
      if (path.includes(next)) low.set(node, Math.min(low.get(node), low.get(next)))
    }
    if (low.get(node) !== order.get(node)) return
    const circle = path.splice(path.indexOf(node))
    if (circle.length > 1) circles.push(circle)
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return circles
}

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry)
    if (statSync(path).isDirectory()) yield* sourceFiles(path)
    else if (path.endsWith('.ts')) yield path
  }
}

function* folders(folder) {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry)
    if (!statSync(path).isDirectory()) continue
    yield path
    yield* folders(path)
  }
}

for (const problem of problems) console.error(`rooms: ${problem}`)
console.log(`${packages.length} packages checked, ${problems.length} problems`)
process.exit(problems.length === 0 ? 0 : 1)
