"""activities, who takes part, volunteer service

Expand first, contract a release later: the release before this one must still run on the new schema.
"""

from __future__ import annotations

revision = '2026_11_25_activities'
down_revision = '2026_11_25_the_rota'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled in with its part."""


def downgrade() -> None:
    """Filled in with its part."""
