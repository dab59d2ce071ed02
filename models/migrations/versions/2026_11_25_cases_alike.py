"""an index that holds all that is asked of cases which may be the same matter

Expand first, contract a release later: the release before this one must still run on the new schema.
"""

from __future__ import annotations

from alembic import op

revision = '2026_11_25_cases_alike'
down_revision = '2026_11_24_first_tables'
branch_labels = None
depends_on = None

_COLUMNS = ['organisation_id', 'state', 'category', 'visibility', 'number', 'created_at']


def upgrade() -> None:
    op.create_index('ix_cases_alike', 'cases', _COLUMNS, unique=False)
    # The new one begins with the same columns: nothing that used the old one becomes slower.
    op.drop_index('ix_cases_organisation_id_state_category', table_name='cases')


def downgrade() -> None:
    op.create_index(
        'ix_cases_organisation_id_state_category', 'cases', ['organisation_id', 'state', 'category'], unique=False
    )
    op.drop_index('ix_cases_alike', table_name='cases')
