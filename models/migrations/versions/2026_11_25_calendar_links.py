"""calendars that others subscribe to

Expand first, contract a release later: the release before this one must still run on the new schema.
"""

from __future__ import annotations

revision = '2026_11_25_calendar_links'
down_revision = '2026_11_25_gatherings'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled in with its part."""


def downgrade() -> None:
    """Filled in with its part."""
