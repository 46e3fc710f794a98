# The official Python client: the ids of each table, as JSON. python pandas.py PROFILE TABLE[:delta]...
import json
import sys

import delta_sharing

profile, *tables = sys.argv[1:]
answers = []
for table in tables:
    name, _, response_format = table.partition(":")
    frame = delta_sharing.load_as_pandas(f"{profile}#{name}", use_delta_format=response_format == "delta")
    answers.append(sorted(frame["id"].tolist()))
print(json.dumps(answers))
