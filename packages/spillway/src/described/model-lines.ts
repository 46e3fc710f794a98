import type { DescribedMlModel } from '@spillway/client'
import { isJsonObject, type JsonValue, writeJson } from '@spillway/core'
import {
  formatBytes,
  formatFacts,
  formatTable,
  printable,
  shorten,
} from '../terminal/format-table.js'
import type { Style } from '../terminal/style.js'

const MAX_VALUE = 200

/** What an `MLmodel` says. What it does not say is left out. */
export function mlModelLines(
  { path, model, unsafe }: DescribedMlModel,
  style: Style,
): readonly string[] {
  const { flavors, mlflowVersion, modelSizeBytes, utcTimeCreated, runId, modelId } = model
  const facts = [
    ['flavors', Object.keys(flavors).join(', ')],
    ['mlflow', mlflowVersion],
    ['size', modelSizeBytes === undefined ? undefined : formatBytes(modelSizeBytes)],
    ['created', utcTimeCreated],
    ['run', runId],
    ['model id', modelId],
    ['metadata', model.metadata === undefined ? undefined : writeJson(model.metadata)],
    ...unsafe.map(({ flavor, reason }) => ['runs code', `${flavor}: ${reason}`] as const),
  ].flatMap(([name, value]) =>
    value === undefined ? [] : [[name!, shorten(printable(value), MAX_VALUE)] as const],
  )
  return [
    style.bold(printable(path)),
    ...formatFacts(facts, style),
    ...signatureTable('input', model.signature?.inputs, style),
    ...signatureTable('output', model.signature?.outputs, style),
    ...signatureTable('param', model.signature?.params, style),
  ]
}

/** Columns, tensors or parameters of a signature, a line each; one that has another shape is shown as it is. */
function signatureTable(
  title: string,
  part: JsonValue | undefined,
  style: Style,
): readonly string[] {
  if (part === undefined) return []
  if (!Array.isArray(part)) {
    return ['', `${style.dim(title)}  ${shorten(printable(writeJson(part)), MAX_VALUE)}`]
  }
  const rows = part.map((each: JsonValue) =>
    isJsonObject(each)
      ? [nameOf(each.name), typeText(each), noteOf(each)]
      : ['', shorten(writeJson(each), MAX_VALUE), ''],
  )
  return ['', ...formatTable([{ title }, { title: 'type' }, { title: '' }], rows, style)]
}

function nameOf(name: JsonValue | undefined): string {
  if (name === undefined || name === null) return '-'
  return typeof name === 'string' ? name : writeJson(name)
}

function noteOf(each: { readonly [key: string]: JsonValue }): string {
  return [
    ...(each.required === false || each.optional === true ? ['optional'] : []),
    ...('default' in each ? [`default ${writeJson(each.default)}`] : []),
  ].join(', ')
}

/** How deep types are spelled out. */
const MAX_LEVELS = 5

/** `double`, `array<string>`, `tensor float64 [-1, 4]`, `object{a: long}`, as MLflow's JSON says it. */
function typeText(value: JsonValue | undefined, level = 0): string {
  if (typeof value === 'string') return value
  if (level > MAX_LEVELS || !isJsonObject(value)) return '…'
  const { type, properties, items, values, shape } = value
  const tensor = value['tensor-spec']
  if (isJsonObject(tensor))
    return `tensor ${typeText(tensor.dtype, level + 1)}${shapeText(tensor.shape)}`
  if (type === 'array') return `array<${typeText(items, level + 1)}>`
  if (type === 'map') return `map<${typeText(values, level + 1)}>`
  if (type === 'object' && isJsonObject(properties)) {
    const members = Object.entries(properties).map(
      ([name, member]) => `${name}: ${typeText(member, level + 1)}`,
    )
    return `object{${members.join(', ')}}`
  }
  return `${typeText(type ?? value.dtype, level + 1)}${shapeText(shape)}`
}

function shapeText(shape: JsonValue | undefined): string {
  return Array.isArray(shape) ? ` [${shape.map(each => writeJson(each)).join(', ')}]` : ''
}
