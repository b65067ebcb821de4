"""What makes each working row of the seed map true, and how to take it away; by row.

As in `catalogue`: the text of an edit must occur exactly once, and several edits are several guards
of one promise. The tests are the row's own, from `docs/reference/seed-map.toml`.
"""

from tests.mutations.systems_connections import CONNECTIONS
from tests.mutations.systems_files import FILES
from tests.mutations.systems_leads import LEADS
from tests.mutations.systems_metering import METERING
from tests.mutations.systems_models import MODELS
from tests.mutations.systems_outreach import OUTREACH
from tests.mutations.systems_tenancy import TENANCY

GUARDS = tuple(
    sorted(
        (*TENANCY, *METERING, *LEADS, *FILES, *OUTREACH, *CONNECTIONS, *MODELS),
        key=lambda guard: guard.row,
    )
)
