"""What the reference implementation of agentskills.io says of each folder that is named, as JSON by its name."""

import json
import sys
from pathlib import Path

from skills_ref.errors import SkillError
from skills_ref.parser import read_properties
from skills_ref.validator import validate


def said(folder):
    errors = validate(folder)
    try:
        return {"errors": errors, "properties": read_properties(folder).to_dict()}
    except SkillError:
        return {"errors": errors}


print(json.dumps({Path(path).name: said(Path(path)) for path in sys.argv[1:]}))
