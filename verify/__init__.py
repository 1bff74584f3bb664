"""`make verify`: walks over a deployed stack and asks what no emulator can answer.

The walk finds everything from CloudFormation, with the AWS credentials in the environment. It uses every function of
the template, and removes what it made, also when a check fails or Ctrl-C is pressed.

`checks/` holds the checks, one function each; `walk.py` runs them; `report.py` prints what came of them.
A new route needs one function there, decorated with `@check("What it shows.", uses=["TheFunction"])`.
"""

import local  # noqa: F401 (puts the layer's modules on the path)
