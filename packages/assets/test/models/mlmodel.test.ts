import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readMlModel, unsafeFlavors } from '../../src/index.js'

/** Written by MLflow: test/fixtures/assets/models/make.py. */
const saved = readFileSync(
  fileURLToPath(new URL('../../../../test/fixtures/assets/models/mlflow/MLmodel', import.meta.url)),
)
const FLAVORS = 'flavors:\n  onnx:\n    data: model.onnx\n'
const read = (text: string) => readMlModel(Buffer.from(text), { path: 'm/MLmodel' })

describe('an MLmodel', () => {
  it('is what MLflow saved', () => {
    const model = readMlModel(saved)
    expect(model).toMatchObject({
      signature: {
        inputs: [{ type: 'any', required: true }],
        params: [{ name: 'temperature', default: 0.5, shape: null, type: 'double' }],
      },
      mlflowVersion: '3.17.2',
      metadata: { team: 'risk', tags: ['a', 'b'] },
      savedInputExampleInfo: { type: 'dataframe', artifact_path: 'input_example.json' },
      isSignatureFromTypeHint: false,
      modelId: undefined,
      runId: undefined,
    })
    expect(model.modelSizeBytes).toBeGreaterThan(1000)
    expect(model.utcTimeCreated).toMatch(/^2\d{3}-/)
    expect(model.flavors.python_function?.python_version).toMatch(/^3\./)
  })

  it('runs code when it is loaded as a Python function, or unpickles', () => {
    expect(unsafeFlavors(readMlModel(saved))).toEqual([
      {
        flavor: 'python_function',
        reason: 'loading it runs Python of the model\'s (loader "mlflow.pyfunc.model")',
      },
      {
        flavor: 'python_function',
        reason: 'its python_model is "python_model.pkl", a pickle',
      },
    ])
    expect(unsafeFlavors(read(FLAVORS))).toEqual([])
    const sklearn = 'flavors:\n  sklearn:\n    serialization_format: cloudpickle\n    code: null\n'
    expect(unsafeFlavors(read(sklearn)).length).toBe(1)
  })

  it('has texts as they stand there, whatever YAML makes of them', () => {
    const text = `${FLAVORS}mlflow_version: 2.10\nrun_id: 0123456789\nmodel_uuid: 1e10\nartifact_path: null\n`
    expect(read(text)).toMatchObject({
      mlflowVersion: '2.10',
      runId: '0123456789',
      modelUuid: '1e10',
      artifactPath: undefined,
    })
  })

  it('may say a thing once and mean it twice, as PyYAML writes it', () => {
    const text = `${FLAVORS}metadata:\n  a: &id001\n  - x\n  b: *id001\n`
    expect(read(text).metadata).toEqual({ a: ['x'], b: ['x'] })
  })

  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (const [i, name] of [...'bcdefghi'].entries()) {
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[i]}`).join()}]`)
  }

  it.each([
    ['aliases of aliases', `${FLAVORS}${bomb.join('\n')}\n`, 'TABLE_CORRUPT'],
    ['itself', `${FLAVORS}metadata: &m\n  m: *m\n`, 'UNSUPPORTED_FEATURE'],
    ['an alias of nothing', `${FLAVORS}metadata: *m\n`, 'TABLE_CORRUPT'],
    ['a tag', `${FLAVORS}metadata: !!python/tuple [a]\n`, 'TABLE_CORRUPT'],
    ['a key twice', `${FLAVORS}run_id: a\nrun_id: b\n`, 'TABLE_CORRUPT'],
    ['no flavors', 'run_id: a\n', 'TABLE_CORRUPT'],
    ['flavors that are none', 'flavors:\n  a: b\n', 'TABLE_CORRUPT'],
    ['no mapping', '- a\n', 'TABLE_CORRUPT'],
    ['nothing', '', 'TABLE_CORRUPT'],
    ['a signature that is no JSON', `${FLAVORS}signature:\n  inputs: '[{'\n`, 'TABLE_CORRUPT'],
    ['a signature that is no text', `${FLAVORS}signature:\n  inputs: [a]\n`, 'TABLE_CORRUPT'],
    ['a run that is a list', `${FLAVORS}run_id: [a]\n`, 'TABLE_CORRUPT'],
    ['many levels', `${FLAVORS}metadata: ${'['.repeat(50_000)}\n`, 'UNSUPPORTED_FEATURE'],
    ['very many values', `${FLAVORS}metadata: [${'a,'.repeat(60_000)}]\n`, 'UNSUPPORTED_FEATURE'],
    ['megabytes', `${FLAVORS}metadata: ${'x'.repeat(9 << 20)}\n`, 'UNSUPPORTED_FEATURE'],
  ])('is refused with %s', (_, text, code) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code }))
  })

  it('of many columns is read', () => {
    const columns = Array.from({ length: 5000 }, (_, i) => ({ name: `c${i}`, type: 'double' }))
    const inputs = JSON.stringify(columns)
    const model = read(`${FLAVORS}signature:\n  inputs: '${inputs}'\n  outputs: null\n`)
    expect(model.signature?.inputs).toEqual(columns)
  })
})
