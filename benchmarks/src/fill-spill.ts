import { deltaReader } from '@spillway/delta'
import { createBatchCache } from '@spillway/engine'
import { parseSqlPredicate } from '@spillway/protocol'
import { localStore } from '@spillway/storage'
import { openSpill } from './delta-kept.js'
import { deltaTable } from './delta-table.js'
import { countKept } from './measure.js'

// The process before the one that is measured: it plans over everything, and leaves what it decoded.
const [data = '', files = '', folder = ''] = process.argv.slice(2)
const table = await deltaTable(data, Number(files))
const spill = openSpill(folder)
const cache = createBatchCache({ maxBytes: 8 * 2 ** 30, spill })
const reader = deltaReader({ store: localStore(), cache })
const snapshot = await reader.snapshot({ location: `file://${table.path}`, format: 'delta' })
await countKept(snapshot)
await countKept(snapshot, parseSqlPredicate(table.selective.where).predicate)
await spill.written()
