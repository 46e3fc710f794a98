import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AssetKind } from '@spillway/core'

/** A folder of the demo that is shared as it is, and what is worth knowing about it. */
export interface SampleAsset {
  readonly kind: AssetKind
  readonly name: string
  readonly location: string
  readonly note: string
  /** Path to text or bytes. */
  readonly files: Readonly<Record<string, string | Uint8Array>>
}

/** Of a fare: what standing still costs, and a kilometre. The sample tables' fares are made by it. */
const [BASE, PER_KM] = [2.5, 1.2]

/** Writes a volume, a model and a skill below `folder`; the same bytes every time. */
export async function writeSampleAssets(folder: string): Promise<readonly SampleAsset[]> {
  const assets = sampleAssets(folder)
  for (const { location, files } of assets) {
    for (const [path, content] of Object.entries(files)) {
      const at = join(location, path)
      await mkdir(dirname(at), { recursive: true })
      await writeFile(at, content)
    }
  }
  return assets
}

function sampleAssets(folder: string): readonly SampleAsset[] {
  return [
    {
      kind: 'volume',
      name: 'handbook',
      location: join(folder, 'handbook'),
      note: 'any files, in any folders',
      files: {
        'README.md': '# City bikes\n\nWhat the tables of this share mean, and how they are made.\n',
        'columns/trips.csv':
          'column,meaning\ntrip_id,unique\nstarted_at,UTC\nstation,where it began\ndistance_km,as ridden\nfare,in euros\n',
        'maps/stations.geojson': JSON.stringify(MAP),
      },
    },
    {
      kind: 'model',
      name: 'fares',
      location: join(folder, 'models', 'fares', '1'),
      note: 'version 1, @champion: an MLflow model with safetensors',
      files: {
        MLmodel: MLMODEL,
        'model.safetensors': safetensors({ weight: [PER_KM], bias: [BASE] }),
      },
    },
    {
      kind: 'skill',
      name: 'trip-report',
      location: join(folder, 'skills', 'trip-report'),
      note: 'instructions for agents, in the form of agentskills.io',
      files: { 'SKILL.md': SKILL, 'references/question.sql': REPORT },
    },
  ]
}

const MAP = {
  type: 'FeatureCollection',
  features: [
    {
      type: 'Feature',
      properties: { station: 'Harbour' },
      geometry: { type: 'Point', coordinates: [10, 53.5] },
    },
  ],
}

const MLMODEL = `artifact_path: fares
flavors:
  safetensors:
    data: model.safetensors
mlflow_version: 3.1.0
signature:
  inputs: '[{"name": "distance_km", "type": "double", "required": true}]'
  outputs: '[{"name": "fare", "type": "double", "required": true}]'
`

const SKILL = `---
name: trip-report
description: Reports how many trips began at each station of the city's bikes, how long they were and what they earned. Use when somebody asks for a report of trips.
license: Apache-2.0
---

# Trip report

1. Ask for which days the report is.
2. Run \`references/question.sql\` over the share, with these days.
3. Answer with a table, the station with most trips first.
`

const REPORT = `SELECT station, count(*) AS trips, round(avg(distance_km), 1) AS average_km, sum(fare) AS fares
FROM city.public.trips WHERE day BETWEEN DATE '2026-03-07' AND DATE '2026-03-08'
GROUP BY station ORDER BY trips DESC
`

/** The length of a header in JSON, the header, and little-endian numbers (safetensors, "Format"). */
function safetensors(tensors: Readonly<Record<string, readonly number[]>>): Uint8Array {
  const header: Record<string, unknown> = {}
  let end = 0
  for (const [name, values] of Object.entries(tensors)) {
    const start = end
    end += 4 * values.length
    header[name] = { dtype: 'F32', shape: [values.length], data_offsets: [start, end] }
  }
  const text = JSON.stringify(header)
  // Data begin at a multiple of eight.
  const json = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const data = Buffer.alloc(end)
  for (const [i, value] of Object.values(tensors).flat().entries()) data.writeFloatLE(value, 4 * i)
  return Buffer.concat([length, json, data])
}
