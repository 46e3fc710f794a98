"""Opens the model of a folder as people do, and says what it found as JSON. `read_model.py FOLDER`"""

import hashlib
import json
import pathlib
import sys

import mlflow
import pandas
from safetensors import safe_open

folder = pathlib.Path(sys.argv[1])
tensors = {}
for path in sorted(folder.glob("*.safetensors")):
    with safe_open(path, framework="np") as file:
        for name in file.keys():
            value = file.get_tensor(name)
            digest = hashlib.sha256(value.tobytes()).hexdigest()
            tensors[name] = [path.name, file.get_slice(name).get_dtype(), list(value.shape), digest]
model = mlflow.pyfunc.load_model(str(folder))
frame = pandas.DataFrame({"age": [1.5, 4.0], "plan": ["a", "b"]})
print(json.dumps({"tensors": tensors, "predicted": model.predict(frame, params={"factor": 3.0})}))
