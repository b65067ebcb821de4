"""From a posted file to leads, a part at a time."""

from pipelines.dsl import Pipeline, on
from schemas.events import ImportStaged, ImportTaken
from schemas.jobs import TakeImport

# fmt: off
IMPORTS = Pipeline(
    "imports",
    on(ImportStaged, then=TakeImport),
    on(ImportTaken,  then=TakeImport, when=lambda part: part.left > 0),
)
# fmt: on
