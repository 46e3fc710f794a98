/** A file of safetensors of F32 tensors of zeros, by name and shape. */
export function safetensors(
  tensors: Readonly<Record<string, readonly number[]>>,
  metadata?: Readonly<Record<string, string>>,
): Buffer {
  let at = 0
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata }
  for (const [name, shape] of Object.entries(tensors)) {
    const bytes = 4 * shape.reduce((product, size) => product * size, 1)
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + bytes] }
    at += bytes
  }
  return Buffer.concat([headed(Buffer.from(JSON.stringify(header))), Buffer.alloc(at)])
}

/** Behind its length, as it is said to be. */
export function headed(header: Uint8Array, length = BigInt(header.length)): Buffer {
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(length)
  return Buffer.concat([head, header])
}

export const MLMODEL = `artifact_path: model
flavors:
  python_function:
    env: {conda: conda.yaml}
    loader_module: mlflow.sklearn
    python_version: 3.11.2
  sklearn:
    pickled_model: model.pkl
    serialization_format: cloudpickle
mlflow_version: 3.17.2
model_size_bytes: 1234
run_id: 0f3c
signature:
  inputs: '[{"type": "double", "name": "age", "required": true}, {"type": "string", "name": "plan", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}]'
  params: '[{"name": "threshold", "type": "double", "default": 0.5, "shape": null}]'
`

/** Protocol 4, of an empty dictionary. */
export const PICKLE = Buffer.from([0x80, 0x04, 0x7d, 0x94, 0x2e])
