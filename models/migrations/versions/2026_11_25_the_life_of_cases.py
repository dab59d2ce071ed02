"""the life of cases

Expand first, contract a release later: the release before this one must still run on the new schema.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '2026_11_25_the_life_of_cases'
down_revision = '2026_11_25_cases_alike'
branch_labels = None
depends_on = None

_REFERENCES = [
    ('supplies', 'member_id', 'members'),
    ('supplies', 'reviewed_by', 'members'),
    ('timeline', 'organisation_id', 'organisations'),
]


def upgrade() -> None:
    op.create_table('workdays',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('worked', sa.Boolean(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_workdays'))
    )
    op.create_table('books',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('consortium_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('period', sa.String(length=20), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('drawn_by', sa.Integer(), nullable=False),
    sa.Column('drawn_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_reason', sa.String(length=300), nullable=False),
    sa.Column('valid_until', sa.Date(), nullable=True),
    sa.Column('review_on', sa.Date(), nullable=True),
    sa.Column('content_hash', sa.String(length=64), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['consortium_id'], ['consortia.id'], name=op.f('fk_books_consortium_id_consortia')),
    sa.ForeignKeyConstraint(['drawn_by'], ['members.id'], name=op.f('fk_books_drawn_by_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_books')),
    sa.UniqueConstraint('consortium_id', 'kind', 'period', 'version', name=op.f('uq_books_consortium_id_kind_period_version'))
    )
    with op.batch_alter_table('books', schema=None) as batch_op:
        batch_op.create_index('ix_books_state_review_on', ['state', 'review_on'], unique=False)

    op.create_table('book_items',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('book_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('case_number', sa.Integer(), nullable=True),
    sa.Column('supply_code', sa.String(length=64), nullable=False),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['book_id'], ['books.id'], name=op.f('fk_book_items_book_id_books')),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_book_items_case_number_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_book_items')),
    sa.UniqueConstraint('book_id', 'position', name=op.f('uq_book_items_book_id_position'))
    )
    with op.batch_alter_table('book_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_book_items_case_number'), ['case_number'], unique=False)

    op.create_table('book_parties',
    sa.Column('book_id', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('refused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['book_id'], ['books.id'], name=op.f('fk_book_parties_book_id_books')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_book_parties_member_id_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_book_parties_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('book_id', 'organisation_id', name=op.f('pk_book_parties'))
    )
    with op.batch_alter_table('book_parties', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_book_parties_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('claims',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_number', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('lead', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('plan', sa.Text(), nullable=False),
    sa.Column('promised_on', sa.Date(), nullable=True),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('effective_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_reason', sa.String(length=300), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_claims_case_number_cases')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_claims_member_id_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_claims_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_claims'))
    )
    with op.batch_alter_table('claims', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_claims_case_number'), ['case_number'], unique=False)
        batch_op.create_index('ix_claims_organisation_id_state', ['organisation_id', 'state'], unique=False)
        batch_op.create_index('uq_claims_live_lead', ['case_number'], unique=True, sqlite_where=sa.text("lead AND state IN ('active', 'fulfilled')"), postgresql_where=sa.text("lead AND state IN ('active', 'fulfilled')"))
        batch_op.create_index('uq_claims_live_organisation', ['case_number', 'organisation_id'], unique=True, sqlite_where=sa.text("state IN ('applied', 'active', 'fulfilled')"), postgresql_where=sa.text("state IN ('applied', 'active', 'fulfilled')"))

    op.create_table('clocks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_s', sa.Integer(), nullable=False),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('late', sa.Boolean(), nullable=False),
    sa.Column('rung', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_clocks_case_number_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_clocks'))
    )
    with op.batch_alter_table('clocks', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_clocks_case_number'), ['case_number'], unique=False)
        batch_op.create_index('ix_clocks_due', ['due_at'], unique=False, sqlite_where=sa.text('stopped_at IS NULL'), postgresql_where=sa.text('stopped_at IS NULL'))
        batch_op.create_index('uq_clocks_running', ['case_number', 'kind'], unique=True, sqlite_where=sa.text('stopped_at IS NULL'), postgresql_where=sa.text('stopped_at IS NULL'))

    op.create_table('evaluations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_number', sa.Integer(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('level', sa.Integer(), nullable=True),
    sa.Column('solved', sa.Boolean(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('level IS NULL OR level BETWEEN 1 AND 5', name=op.f('ck_evaluations_level')),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_evaluations_case_number_cases')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_evaluations_member_id_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evaluations')),
    sa.UniqueConstraint('case_number', 'round', 'kind', name=op.f('uq_evaluations_case_number_round_kind'))
    )
    op.create_table('invitations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_number', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('invited_by', sa.Integer(), nullable=False),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_by', sa.Integer(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['answered_by'], ['members.id'], name=op.f('fk_invitations_answered_by_members')),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_invitations_case_number_cases')),
    sa.ForeignKeyConstraint(['invited_by'], ['members.id'], name=op.f('fk_invitations_invited_by_members')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_invitations_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations'))
    )
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invitations_case_number'), ['case_number'], unique=False)
        batch_op.create_index('ix_invitations_organisation_id_state', ['organisation_id', 'state'], unique=False)
        batch_op.create_index('uq_invitations_open', ['case_number', 'organisation_id'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.create_table('milestones',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_number', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=100), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('weight > 0', name=op.f('ck_milestones_weight')),
    sa.ForeignKeyConstraint(['done_by'], ['members.id'], name=op.f('fk_milestones_done_by_members')),
    sa.ForeignKeyConstraint(['project_number'], ['cases.number'], name=op.f('fk_milestones_project_number_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_milestones')),
    sa.UniqueConstraint('project_number', 'position', name=op.f('uq_milestones_project_number_position'))
    )
    op.create_table('project_items',
    sa.Column('project_number', sa.Integer(), nullable=False),
    sa.Column('case_number', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_project_items_case_number_cases')),
    sa.ForeignKeyConstraint(['member_id'], ['members.id'], name=op.f('fk_project_items_member_id_members')),
    sa.ForeignKeyConstraint(['project_number'], ['cases.number'], name=op.f('fk_project_items_project_number_cases')),
    sa.PrimaryKeyConstraint('project_number', 'case_number', name=op.f('pk_project_items'))
    )
    with op.batch_alter_table('project_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_project_items_case_number'), ['case_number'], unique=False)

    op.create_table('supply_uses',
    sa.Column('supply_id', sa.Integer(), nullable=False),
    sa.Column('case_number', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_supply_uses_case_number_cases')),
    sa.ForeignKeyConstraint(['supply_id'], ['supplies.id'], name=op.f('fk_supply_uses_supply_id_supplies')),
    sa.PrimaryKeyConstraint('supply_id', 'case_number', name=op.f('pk_supply_uses'))
    )
    with op.batch_alter_table('supply_uses', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_supply_uses_case_number'), ['case_number'], unique=False)

    op.create_table('extensions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('case_number', sa.Integer(), nullable=False),
    sa.Column('claim_id', sa.Integer(), nullable=False),
    sa.Column('until', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['asked_by'], ['members.id'], name=op.f('fk_extensions_asked_by_members')),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_extensions_case_number_cases')),
    sa.ForeignKeyConstraint(['claim_id'], ['claims.id'], name=op.f('fk_extensions_claim_id_claims')),
    sa.ForeignKeyConstraint(['decided_by'], ['members.id'], name=op.f('fk_extensions_decided_by_members')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_extensions'))
    )
    with op.batch_alter_table('extensions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_extensions_case_number'), ['case_number'], unique=False)
        batch_op.create_index('uq_extensions_open', ['case_number'], unique=True, sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'"))

    op.create_table('urgings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('clock_id', sa.Integer(), nullable=False),
    sa.Column('case_number', sa.Integer(), nullable=False),
    sa.Column('level', sa.String(length=20), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_number'], ['cases.number'], name=op.f('fk_urgings_case_number_cases')),
    sa.ForeignKeyConstraint(['clock_id'], ['clocks.id'], name=op.f('fk_urgings_clock_id_clocks')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_urgings_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_urgings'))
    )
    with op.batch_alter_table('urgings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_urgings_case_number'), ['case_number'], unique=False)
        batch_op.create_index('uq_urgings_step', ['clock_id', 'level', 'organisation_id'], unique=True)

    # Not in a batch: that would copy the table on SQLite, and a copy forgets which numbers were given.
    op.add_column('cases', sa.Column('behalf_sealed', sa.LargeBinary(), nullable=True))
    op.add_column('cases', sa.Column('reworks', sa.Integer(), server_default=sa.text('0'), nullable=False))
    op.add_column('cases', sa.Column('transfers', sa.Integer(), server_default=sa.text('0'), nullable=False))
    op.add_column('cases', sa.Column('appealed', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('cases', sa.Column('raised_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('published_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('contacted_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('cases', sa.Column('close_kind', sa.String(length=20), server_default=sa.text("''"), nullable=False))

    op.add_column('supplies', sa.Column('source', sa.String(length=20), server_default=sa.text("'import'"), nullable=False))
    op.add_column('supplies', sa.Column('audience', sa.String(length=100), server_default=sa.text("''"), nullable=False))
    op.add_column('supplies', sa.Column('contact_rule', sa.String(length=20), server_default=sa.text("'call'"), nullable=False))
    op.add_column('supplies', sa.Column('visibility', sa.String(length=20), server_default=sa.text("'city'"), nullable=False))
    op.add_column('supplies', sa.Column('reviewed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('supplies', sa.Column('reason', sa.String(length=300), server_default=sa.text("''"), nullable=False))

    op.add_column('timeline', sa.Column('state', sa.String(length=20), server_default=sa.text("''"), nullable=False))

    submitted = sa.text("state = 'submitted'")
    op.create_index('ix_cases_submitted', 'cases', ['number'], sqlite_where=submitted, postgresql_where=submitted)

    # Written out, because Alembic would copy the whole table on SQLite to add a reference.
    for table, column, other in _REFERENCES:
        op.execute(
            f'ALTER TABLE {table} ADD COLUMN {column} INTEGER '
            f'CONSTRAINT fk_{table}_{column}_{other} REFERENCES {other} (id)'
        )


def downgrade() -> None:
    with op.batch_alter_table('timeline', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_timeline_organisation_id_organisations'), type_='foreignkey')
        batch_op.drop_column('organisation_id')
        batch_op.drop_column('state')

    with op.batch_alter_table('supplies', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_supplies_reviewed_by_members'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_supplies_member_id_members'), type_='foreignkey')
        batch_op.drop_column('reason')
        batch_op.drop_column('reviewed_at')
        batch_op.drop_column('reviewed_by')
        batch_op.drop_column('member_id')
        batch_op.drop_column('visibility')
        batch_op.drop_column('contact_rule')
        batch_op.drop_column('audience')
        batch_op.drop_column('source')

    op.drop_index('ix_cases_submitted', table_name='cases')
    op.drop_column('cases', 'close_kind')
    op.drop_column('cases', 'closed_at')
    op.drop_column('cases', 'resolved_at')
    op.drop_column('cases', 'contacted_at')
    op.drop_column('cases', 'claimed_at')
    op.drop_column('cases', 'published_at')
    op.drop_column('cases', 'accepted_at')
    op.drop_column('cases', 'raised_at')
    op.drop_column('cases', 'appealed')
    op.drop_column('cases', 'transfers')
    op.drop_column('cases', 'reworks')
    op.drop_column('cases', 'behalf_sealed')

    with op.batch_alter_table('urgings', schema=None) as batch_op:
        batch_op.drop_index('uq_urgings_step')
        batch_op.drop_index(batch_op.f('ix_urgings_case_number'))

    op.drop_table('urgings')
    with op.batch_alter_table('extensions', schema=None) as batch_op:
        batch_op.drop_index('uq_extensions_open', sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'"))
        batch_op.drop_index(batch_op.f('ix_extensions_case_number'))

    op.drop_table('extensions')
    with op.batch_alter_table('supply_uses', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_supply_uses_case_number'))

    op.drop_table('supply_uses')
    with op.batch_alter_table('project_items', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_project_items_case_number'))

    op.drop_table('project_items')
    op.drop_table('milestones')
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.drop_index('uq_invitations_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index('ix_invitations_organisation_id_state')
        batch_op.drop_index(batch_op.f('ix_invitations_case_number'))

    op.drop_table('invitations')
    op.drop_table('evaluations')
    with op.batch_alter_table('clocks', schema=None) as batch_op:
        batch_op.drop_index('uq_clocks_running', sqlite_where=sa.text('stopped_at IS NULL'), postgresql_where=sa.text('stopped_at IS NULL'))
        batch_op.drop_index('ix_clocks_due', sqlite_where=sa.text('stopped_at IS NULL'), postgresql_where=sa.text('stopped_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_clocks_case_number'))

    op.drop_table('clocks')
    with op.batch_alter_table('claims', schema=None) as batch_op:
        batch_op.drop_index('uq_claims_live_organisation', sqlite_where=sa.text("state IN ('applied', 'active', 'fulfilled')"), postgresql_where=sa.text("state IN ('applied', 'active', 'fulfilled')"))
        batch_op.drop_index('uq_claims_live_lead', sqlite_where=sa.text("lead AND state IN ('active', 'fulfilled')"), postgresql_where=sa.text("lead AND state IN ('active', 'fulfilled')"))
        batch_op.drop_index('ix_claims_organisation_id_state')
        batch_op.drop_index(batch_op.f('ix_claims_case_number'))

    op.drop_table('claims')
    with op.batch_alter_table('book_parties', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_book_parties_organisation_id'))

    op.drop_table('book_parties')
    with op.batch_alter_table('book_items', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_book_items_case_number'))

    op.drop_table('book_items')
    with op.batch_alter_table('books', schema=None) as batch_op:
        batch_op.drop_index('ix_books_state_review_on')

    op.drop_table('books')
    op.drop_table('workdays')
